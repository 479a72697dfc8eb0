package intel

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/scanner"
)

// session holds the files of one goroutine against the feeds.
type session struct{ e *Engine }

func (s *session) Close() error { return nil }

// Scan holds one object against the feeds.
func (s *session) Scan(ctx context.Context, o *scanner.Object) ([]scanner.Match, error) {
	r := &result{o: o, matches: map[string]scanner.Match{}}
	err := s.sums(o, r)
	s.e.paths.match(o, func(i *Indicator) { r.add(i, nil) })
	if !s.e.hosts.empty() && hasText(o, s.e.opts.Logs) {
		if err := s.e.hosts.match(ctx, o.Content, func(i *Indicator, off, n int) { r.add(i, &spot{off, n}) }); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return r.sorted(), &scanner.Skip{Reason: scanner.EngineError, Detail: err.Error()}
	}
	if r.more {
		return r.sorted(), &scanner.Skip{Reason: scanner.LimitReached, Detail: fmt.Sprintf("more than %d indicators stand in it", maxMatches)}
	}
	return r.sorted(), nil
}

// sums looks the digests up that some feed has any of.
func (s *session) sums(o *scanner.Object, r *result) error {
	if len(o.Content) < minHashed {
		return nil
	}
	for _, d := range digests() {
		for _, f := range s.e.feeds {
			if !f.Has(d.kind) {
				continue
			}
			if err := s.sum(f, d, r); err != nil {
				return fmt.Errorf("%s: %w", cmp.Or(f.name, "feed"), err)
			}
		}
	}
	return nil
}

func (s *session) sum(f *Feed, d digestKind, r *result) error {
	sum := r.o.Sum(d.hash)
	numbers, _, err := f.Lookup(d.kind, sum)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		info, err := f.Info(n)
		if err != nil {
			return err
		}
		if info.validOn(s.e.opts.Now) {
			r.add(&Indicator{Term{Kind: d.kind, Value: hexOf(sum)}, info}, nil)
		}
	}
	return nil
}

func hexOf(sum []byte) string { return hex.EncodeToString(sum) }

// spot is where in a file an indicator stands.
type spot struct{ off, n int }

// result gathers what was found in one object, each indicator once.
type result struct {
	o       *scanner.Object
	matches map[string]scanner.Match
	more    bool // than maxMatches
}

// add takes an indicator, unless what must hold beside it does not.
func (r *result) add(i *Indicator, at *spot) {
	rule := ruleOf(i.Term)
	m, again := r.matches[rule]
	if !holds(r.o, i.And) {
		return
	}
	if !again && len(r.matches) >= maxMatches {
		r.more = true
		return
	}
	score := min(max(i.Score, 0), 100)
	if !again {
		m.Match = finding.Match{
			Engine: "intel", Rule: rule, Score: score, Severity: finding.Scored(score),
			Description: i.Label, Source: i.Source, Meta: map[string]string{},
		}
		if at != nil {
			m.Meta["line"] = strconv.Itoa(1 + bytes.Count(r.o.Content[:at.off], []byte("\n")))
			m.Strings = []finding.MatchString{{
				Name: string(i.Kind), Offset: int64(at.off), Length: at.n,
				Excerpt: string(r.o.Content[at.off:][:min(at.n, finding.MaxExcerpt)]),
			}}
		}
	}
	if score > m.Score {
		m.Score, m.Severity, m.Description, m.Source = score, finding.Scored(score), i.Label, i.Source
		delete(m.Meta, "reference")
	}
	if m.Source == i.Source && i.Reference != "" && m.Meta["reference"] == "" {
		m.Meta["reference"] = i.Reference
	}
	r.matches[rule] = m
}

// ruleOf names an indicator.
func ruleOf(t Term) string {
	const longest = 200
	s := string(t.Kind) + ":" + t.Value
	if len(s) > longest {
		return s[:longest] + "..."
	}
	return s
}

// sorted are the matches by their rule.
func (r *result) sorted() (all []scanner.Match) {
	for _, rule := range slices.Sorted(maps.Keys(r.matches)) {
		m := r.matches[rule]
		if len(m.Meta) == 0 {
			m.Meta = nil
		}
		all = append(all, m)
	}
	return all
}
