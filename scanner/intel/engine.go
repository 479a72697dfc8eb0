// Package intel is the engine of threat intelligence: it knows files by what others have published of malicious ones, which are
// digests, paths and names, and domains and addresses in the settings of a system.
//
// Feeds come in the formats of formats.go: lists, abuse.ch, STIX 2.1, MISP, OpenIOC, and this package's own compiled form (layout.go),
// which is searched where it lies. What of a feed is not used is counted by its reason, and told. Feeds are written by strangers: each
// parser has limits, and errors say where in the file they were found.
//
// It does not evaluate what a disk cannot tell: connections, processes, the order of observations.
package intel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/scanner"
)

// Options say how feeds are loaded and what they are held against.
type Options struct {
	// Now is the time at which indicators have to be valid, to the day; the zero time asks for nothing.
	Now time.Time
	// Logs looks for domains and addresses in /var/log, too.
	Logs bool
}

// Engine holds files against feeds. It is a scanner.Engine.
type Engine struct {
	opts  Options
	feeds []*Feed
	in    indicators
	paths *paths
	hosts *hosts
	rules []Rules
	about scanner.Description
	key   string
	meta  Meta // of all feeds
}

// Rules are YARA rules that stand in a feed.
type Rules struct {
	Source string // file of the feed
	Label  string // what the feed calls them
	Text   string
}

// Load reads feeds from files and folders. An error names the file and the place in it.
func Load(ctx context.Context, paths []string, opts Options) (e *Engine, err error) {
	e = &Engine{opts: opts, meta: Meta{Counts: map[Kind]int64{}, Unused: map[string]int{}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
			e = nil
		}
	}()
	b, err := newBuilder(ctx, "")
	if err != nil {
		return e, err
	}
	b.now, b.most = opts.Now, maxInMemory
	if e.feeds, err = b.load(paths); err != nil {
		return e, err
	}
	e.paths, e.hosts = newPaths(&e.in), newHosts(&e.in)
	for _, f := range e.feeds {
		if f.KnownGood() {
			return e, binread.WithHint(errors.New("a compiled list of known files, want one of malicious ones"), "name it with --known-good")
		}
		if err := e.take(f); err != nil {
			return e, err
		}
	}
	slices.SortFunc(e.hosts.bits, func(a, b int) int { return b - a })
	e.describe()
	if e.about.Rules == 0 && len(e.rules) == 0 {
		return e, fmt.Errorf("%s: no indicator in it that can be used%s", strings.Join(paths, ", "), reasonsOf(e.meta.Unused))
	}
	return e, nil
}

// reasonsOf says why indicators were not used, and of how many.
func reasonsOf(unused map[string]int) string {
	var all []string
	for _, reason := range slices.Sorted(maps.Keys(unused)) {
		all = append(all, fmt.Sprintf("%s (%d)", reason, unused[reason]))
	}
	if len(all) == 0 {
		return ""
	}
	return ": " + strings.Join(all, ", ")
}

// load reads files and folders: compiled feeds are opened, and all others become one more feed.
func (b *builder) load(paths []string) (feeds []*Feed, err error) {
	places, err := b.places(paths)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		feed, err := b.loadFile(p)
		if feed != nil {
			feeds = append(feeds, feed)
		}
		if err != nil {
			return feeds, err
		}
	}
	if len(b.meta.Sources) == 0 && len(b.meta.Unused) == 0 {
		return feeds, nil
	}
	out := &spool{}
	if err := b.write(out); err != nil {
		return feeds, err
	}
	feed, err := Open(out, out.size)
	if err != nil {
		return feeds, err
	}
	return append(feeds, feed), nil
}

func (b *builder) loadFile(p place) (feed *Feed, err error) {
	f, head, err := p.open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if !strings.HasPrefix(string(head[:min(len(head), len(magic))]), magic) {
		return nil, b.read(f, head, p.found)
	}
	feed, err = openFile(p.path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	feed.name = p.name
	return feed, nil
}

// take adds what is not looked up in the feed itself.
func (e *Engine) take(f *Feed) error {
	m := f.Meta()
	for kind, n := range m.Counts {
		e.meta.Counts[kind] += n
	}
	for reason, n := range m.Unused {
		e.meta.Unused[reason] += n
	}
	e.meta.Sources = append(e.meta.Sources, m.Sources...)
	e.meta.Dated = e.meta.Dated || m.Dated
	e.meta.Paths = e.meta.Paths || m.Paths
	err := f.Others(func(i Indicator) error {
		if !i.validOn(e.opts.Now) {
			e.meta.Unused["left out: not valid today"]++
			e.meta.Counts[i.Kind]--
			return nil
		}
		if i.Kind == YARA {
			e.rules = append(e.rules, Rules{i.Source, i.Label, i.Value})
			return nil
		}
		if len(e.in.all) >= maxOthers {
			return tooMany("indicators that are no digests", maxOthers)
		}
		e.in.all, e.in.next = append(e.in.all, i), append(e.in.next, 0)
		e.hosts.add(i.Term)
		return e.paths.add(i.Term)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}

func (e *Engine) describe() {
	h := sha256.New()
	for _, f := range e.feeds {
		_, _ = io.WriteString(h, f.Digest()+"\n")
	}
	e.about = scanner.Description{Name: "intel", Digest: hex.EncodeToString(h.Sum(nil)), Unused: e.meta.Unused}
	for kind, n := range e.meta.Counts {
		if kind != YARA {
			e.about.Rules += int(n)
		}
	}
	for _, s := range e.meta.Sources {
		if s.Indicators == 0 {
			e.about.Warnings = append(e.about.Warnings, s.Name+": no indicator in it is used")
		}
	}
	e.key = fmt.Sprintf("intel %d %s logs=%t", keyVersion, e.about.Digest, e.opts.Logs)
	if e.meta.Dated && !e.opts.Now.IsZero() {
		e.key += " " + e.opts.Now.UTC().Format(time.DateOnly)
	}
}

// keyVersion changes when the same feeds would find something else in the same file.
const keyVersion = 1

// Describe tells of the feeds.
func (e *Engine) Describe() scanner.Description {
	d := e.about
	d.Unused = maps.Clone(d.Unused)
	return d
}

// Sources lists the files that indicators are from.
func (e *Engine) Sources() []Source { return slices.Clone(e.meta.Sources) }

// YARA returns the YARA rules that stand in the feeds, for the engine that knows what to do with them.
func (e *Engine) YARA() []Rules { return slices.Clone(e.rules) }

// Key tells what a verdict depends on: the feeds, the day where they hold for a time, and the path where they look at it.
func (e *Engine) Key(o *scanner.Object) string {
	if e.meta.Paths {
		return e.key + " " + o.Path
	}
	if !e.hosts.empty() && isTextFile(o.Path, e.opts.Logs) {
		return e.key + " text"
	}
	return e.key
}

// Open starts a session. It needs no memory of its own.
func (e *Engine) Open(context.Context, *scanner.Memory) (scanner.Session, error) {
	return &session{e}, nil
}

// Close closes compiled feeds.
func (e *Engine) Close() error {
	var errs []error
	for _, f := range e.feeds {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
