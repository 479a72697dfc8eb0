package policy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// learnedLine is one key of a baseline with its value, or one entry of a list, that may hold for every guest of a lesson.
type learnedLine struct {
	table, key string // as TOML writes them
	value      string // of an entry: the entry
	entry      bool
	evidence   string // what it was learned from; "" is what the check itself says
}

// learner proposes the lines of some tables. What does not hold for every guest is left out later, by asking the checks
// themselves: a learner may propose too much, and never makes anything hold.
type learner struct {
	needs facts.Request
	learn func(ctx context.Context, l *lesson) ([]learnedLine, error)
}

// lesson is the guests to learn from.
type lesson struct {
	names []string
	docs  []*facts.Document
	// left says what was left out, and why.
	left []string
}

// learners lists what a baseline is learned from, in the order of the baseline.
func learners() []learner {
	return []learner{
		systemLearner(),
		holdsLearner(),
		packagesLearner(),
		permissionsLearner(),
		checksumsLearner(),
		walkLearner(),
	}
}

// LearnGlobs returns the facts that LearnRequest needs.
func LearnGlobs() facts.Request {
	r := facts.Request{Domains: []string{domainOS}}
	for _, path := range learnedFiles() {
		r.AddFile(path, facts.FileRequest{})
	}
	r.Files = nil
	return r
}

// LearnRequest returns the facts that Learn needs of guests of which those of LearnGlobs are known.
func LearnRequest(docs []*facts.Document) facts.Request {
	r := LearnGlobs()
	for _, one := range learners() {
		r = r.Merge(one.needs)
	}
	l := &lesson{docs: docs}
	for _, path := range l.files(learnedFiles()) {
		r.AddFile(path, facts.FileRequest{Digests: []string{learnedDigest}})
	}
	return r
}

// Learn writes a baseline of what two or more guests have in common. Every line has its evidence behind it, in the first of
// the guests; names are what the guests are called in the comments. All of the guests satisfy the baseline, which is proved
// before it is returned.
func Learn(ctx context.Context, names []string, docs []*facts.Document) ([]byte, error) {
	l := &lesson{names: names, docs: docs}
	var lines []learnedLine
	for _, one := range learners() {
		proposed, err := one.learn(ctx, l)
		if err != nil {
			return nil, err
		}
		lines = append(lines, proposed...)
	}
	lines, err := l.proven(ctx, lines)
	if err != nil {
		return nil, err
	}
	if len(docs) < 2 {
		return nil, errors.New("what changes from guest to guest cannot be told from one of them: want two or more")
	}
	if len(lines) == 0 {
		return nil, errors.New("the guests have nothing in common that could be learned")
	}
	raw, _ := l.write(lines, true)
	text, err := Format(learnedName, []byte(raw))
	if err != nil {
		return nil, err
	}
	return text, l.prove(ctx, text)
}

const (
	learnedName = "learned.toml"
	maxLeft     = 100 // notes of one baseline
)

// proven drops the lines that are not true of every guest, and gives the others their evidence.
func (l *lesson) proven(ctx context.Context, lines []learnedLine) ([]learnedLine, error) {
	text, at := l.write(lines, false)
	p, err := loadText(text)
	if err != nil {
		return nil, fmt.Errorf("what was learned is no baseline: %w", err)
	}
	findings := l.judge(ctx, p)
	var kept []learnedLine
	for i, line := range lines {
		fs := findings[at[i].own]
		if fs == nil {
			fs = findings[at[i].key]
		}
		if !l.allPass(line, fs) {
			continue
		}
		if line.evidence == "" {
			line.evidence = evidence(line, fs[0])
		}
		kept = append(kept, line)
	}
	return kept, nil
}

// allPass reports whether the check of a line passes on every guest. That it is unknown of one is noted, once for a table.
func (l *lesson) allPass(line learnedLine, fs []finding.Finding) bool {
	ok := len(fs) == len(l.docs)
	for i, f := range fs {
		if f.Status == finding.Unknown {
			l.leave("%s is not known of %s: %s", line.table, l.names[i], f.Message)
		}
		ok = ok && f.Status == finding.Pass
	}
	return ok
}

// leave notes what is left out.
func (l *lesson) leave(format string, args ...any) {
	words := fmt.Sprintf(format, args...)
	if !slices.Contains(l.left, words) && len(l.left) < maxLeft {
		l.left = append(l.left, words)
	}
}

// judge asks the checks of a policy of every guest, and returns the findings by the line that each check stands on.
func (l *lesson) judge(ctx context.Context, p *Policy) map[int][]finding.Finding {
	byLine := map[int][]finding.Finding{}
	for _, doc := range l.docs {
		for _, f := range p.Judge(ctx, doc) {
			byLine[f.Policy.Line] = append(byLine[f.Policy.Line], f)
		}
	}
	return byLine
}

// prove holds the guests against what was learned from them.
func (l *lesson) prove(ctx context.Context, text []byte) error {
	p, err := loadText(string(text))
	if err != nil {
		return fmt.Errorf("what was learned is no baseline: %w", err)
	}
	for i, doc := range l.docs {
		for _, f := range p.Judge(ctx, doc) {
			if f.Status != finding.Pass {
				return fmt.Errorf("%s was learned and is %s on %s: %s", f.ID, f.Status, l.names[i], f.Message)
			}
		}
	}
	return nil
}

// evidence says what a line was learned from: the place that decides, and what is there where the line does not say it.
func evidence(line learnedLine, f finding.Finding) string {
	place := ""
	for _, w := range f.Where {
		at := w.Path
		if w.Line > 0 {
			at = fmt.Sprintf("%s:%d", w.Path, w.Line)
		}
		if place == "" || w.Note == "" || w.Note == "wins" {
			place = at
		}
	}
	switch {
	case place == "":
		return f.Message
	case line.entry && f.Actual != "":
		return f.Actual + ", " + place
	}
	return place
}

// lineNumber is where a line of a baseline stands, and where its key does.
type lineNumber struct{ own, key int }

// learnedText counts the lines of what is written.
type learnedText struct {
	text  strings.Builder
	lines int
}

// add writes one line and returns its number.
func (t *learnedText) add(text string) int {
	fmt.Fprintln(&t.text, text)
	t.lines++
	return t.lines
}

// write writes a baseline with the lines, and says where they stand; commented with what is to be said about it and them.
func (l *lesson) write(lines []learnedLine, commented bool) (string, []lineNumber) {
	var b learnedText
	numbers := make([]lineNumber, len(lines))
	if commented {
		b.add("# Learned from " + commentText(listedAll(l.names)) + ".")
		b.add("# Each line holds for all of them; behind it stands where it was read in the first one. What differs, what could")
		b.add("# not be read and what changes on its own is left out.")
		b.add("")
	}
	key := 0
	for i, line := range lines {
		opens := i == 0 || lines[i-1].table != line.table
		closes := i == len(lines)-1 || lines[i+1].table != line.table
		if opens {
			b.add("[" + line.table + "]")
		}
		remark := ""
		if commented && line.evidence != "" {
			remark = "  # " + commentText(line.evidence)
		}
		if line.entry {
			if opens || lines[i-1].key != line.key {
				key = b.add(line.key + " = [")
			}
			numbers[i] = lineNumber{b.add("  " + line.value + "," + remark), key}
			if closes || lines[i+1].key != line.key {
				b.add("]")
			}
		} else {
			key = b.add(line.key + " = " + line.value + remark)
			numbers[i] = lineNumber{key, key}
		}
	}
	if commented && len(l.left) > 0 {
		b.add("")
		b.add("# Left out:")
		for _, words := range l.left {
			b.add("#   " + commentText(words))
		}
	}
	return b.text.String(), numbers
}

func listedAll(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// loadText reads a baseline that is in no file.
func loadText(text string) (*Policy, error) {
	src, root, err := parse(learnedName, []byte(text))
	if err != nil {
		return nil, err
	}
	l := &loader{parts: []*document{{src: src, root: root}}, opts: Options{AllowEmpty: true}, state: map[string]bool{}}
	return l.policy([]string{learnedName})
}

// same reports whether get gives one value for all guests, and returns it.
func same[T comparable](l *lesson, get func(doc *facts.Document) (T, bool)) (value T, ok bool) {
	for i, doc := range l.docs {
		v, ok := get(doc)
		if !ok || i > 0 && v != value {
			return value, false
		}
		value = v
	}
	return value, true
}

// common returns the names that every guest has, in order.
func (l *lesson) common(names func(doc *facts.Document) []string) []string {
	count := map[string]int{}
	for _, doc := range l.docs {
		all := names(doc)
		slices.Sort(all)
		for _, name := range slices.Compact(all) {
			count[name]++
		}
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n < len(l.docs) })
	return slices.Sorted(maps.Keys(count))
}
