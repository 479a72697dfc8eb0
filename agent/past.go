package agent

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/nearest"
)

// PastPrefix begins a name that stands for facts of the history.
const PastPrefix = "history:"

// maxNamed is how many machines an error names.
const maxNamed = 20

// Past is the facts that the history keeps.
type Past struct {
	Store *store.Store
	Zone  *time.Location // in which days begin; nil is UTC
}

// Kept is a document of the history.
type Kept struct {
	store.Snapshot
	Name string `json:"name"` // that Find finds, and nothing else: history:web01@nightly/118
}

// notKeptError is an error of kind store.ErrNotFound that says what there is instead.
type notKeptError string

// Error says what is not there.
func (e notKeptError) Error() string { return string(e) }

// Is reports whether an error is of this kind.
func (e notKeptError) Is(kind error) bool { return kind == store.ErrNotFound }

func notKeptf(format string, args ...any) error { return notKeptError(fmt.Sprintf(format, args...)) }

// Find returns what a name stands for, the oldest state first:
//
//	history:web01              what the last run found of the machine
//	history:web01@118          what run 118 found
//	history:web01@nightly/118  what run 118 of the job nightly found, or nightly/last, or nightly/all
//	history:web01@2026-11-20   the state at the end of a day, or at a time
//	history:web01@all          every state
//
// In place of the name of a machine stands also a pattern. The error is of kind store.ErrNotFound where the history has no such facts; any
// other is about the name, or the store.
func (p *Past) Find(ctx context.Context, name string) ([]Kept, error) {
	machines, err := p.Store.Machines(ctx)
	if err != nil {
		return nil, err
	}
	pattern, which := cutMachine(strings.TrimPrefix(name, PastPrefix), machines)
	var all []Kept
	for _, machine := range matching(pattern, machines) {
		kept, err := p.of(ctx, machine)
		if err != nil {
			return nil, err
		}
		if kept, err = p.choose(kept, which); err != nil {
			return nil, fmt.Errorf("%s%s: %w", PastPrefix, machine, err)
		}
		all = append(all, kept...)
	}
	if len(all) == 0 {
		return nil, p.noMachine(pattern, machines)
	}
	return all, nil
}

// Previous returns the last facts of a machine that are kept, or false; of one job where it is named, and older than before unless that is
// nil.
func (p *Past) Previous(ctx context.Context, machine, job string, before *Kept) (Kept, bool, error) {
	all, err := p.of(ctx, machine)
	if err != nil {
		return Kept{}, false, err
	}
	all = slices.DeleteFunc(all, func(k Kept) bool {
		return job != "" && k.Job != job || before != nil && older(k, *before) >= 0
	})
	if len(all) == 0 {
		return Kept{}, false, nil
	}
	if before != nil {
		return all[len(all)-1], true, nil
	}
	return last(all)[0], true, nil
}

// Document reads a document, and holds it against this version.
func (p *Past) Document(ctx context.Context, k Kept) (*facts.Document, error) {
	b, err := p.Store.Facts(ctx, k.Snapshot)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name, err)
	}
	d, err := facts.Read(bytes.NewReader(b), engine.Collectors())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name, err)
	}
	return d, nil
}

// of returns the facts of one machine, the oldest state first.
func (p *Past) of(ctx context.Context, machine string) ([]Kept, error) {
	snapshots, err := p.Store.Snapshots(ctx, machine)
	if err != nil {
		return nil, err
	}
	type run struct {
		job    string
		number int64
	}
	bases, images := map[run][]string{}, map[run]int{}
	for _, s := range snapshots {
		r := run{s.Job, s.Run}
		bases[r] = append(bases[r], filepath.Base(s.Image))
		images[r]++
	}
	var all []Kept
	for _, s := range snapshots {
		r := run{s.Job, s.Run}
		name := fmt.Sprintf("%s%s@%s/%d", PastPrefix, machine, s.Job, s.Run)
		if base := filepath.Base(s.Image); images[r] > 1 && count(bases[r], base) == 1 {
			name += "/" + base
		} else if images[r] > 1 {
			name += "/" + s.Image
		}
		all = append(all, Kept{s, name})
	}
	slices.SortStableFunc(all, older)
	return all, nil
}

func count(list []string, word string) (n int) {
	for _, s := range list {
		if s == word {
			n++
		}
	}
	return n
}

// older orders facts by the state they are of.
func older(a, b Kept) int {
	return cmp.Or(a.State().Compare(b.State()), a.Ended.Compare(b.Ended), cmp.Compare(a.Job, b.Job), cmp.Compare(a.Run, b.Run), cmp.Compare(a.Image, b.Image))
}

// choose returns those that the part of a name behind the @ stands for.
func (p *Past) choose(all []Kept, which string) ([]Kept, error) {
	job, run, ofJob := strings.Cut(which, "/")
	number, err := strconv.ParseInt(which, 10, 64)
	switch {
	case which == "":
		return last(all), nil
	case which == "all":
		return states(all), nil
	case ofJob && goodName.MatchString(job):
		return ofRun(all, job, run)
	case err == nil:
		return numbered(all, number)
	}
	at, err := p.when(which)
	if err != nil {
		return nil, err
	}
	i := len(all)
	for i > 0 && all[i-1].State().After(at) {
		i--
	}
	if i == 0 {
		return nil, notKeptf("no facts of a state until %s, the oldest are of %s", at.Format(time.RFC3339), all[0].State().In(at.Location()).Format(time.RFC3339))
	}
	return all[i-1 : i], nil
}

// last returns what the run that ended last found, of several images the one that was written last.
func last(all []Kept) []Kept {
	return []Kept{slices.MaxFunc(all, func(a, b Kept) int { return cmp.Or(a.Ended.Compare(b.Ended), older(a, b)) })}
}

// states keeps of each state what the last run found of it: an image that was not written to is of the same.
func states(all []Kept) (kept []Kept) {
	for i, k := range all {
		if i+1 < len(all) {
			next := all[i+1]
			if k.Taken.Equal(next.Taken) && (k.Digest == next.Digest || k.Image == next.Image && !k.Taken.IsZero()) {
				continue
			}
		}
		kept = append(kept, k)
	}
	return kept
}

// ofRun returns what a run of a job found: "118", "last" or "all", and with several images that of one: "118/web01.qcow2".
func ofRun(all []Kept, job, run string) ([]Kept, error) {
	all = slices.DeleteFunc(slices.Clone(all), func(k Kept) bool { return k.Job != job })
	switch {
	case len(all) == 0:
		return nil, notKeptf("no facts of the job %q", job)
	case run == "all":
		return states(all), nil
	case run == "last":
		return last(all), nil
	}
	text, image, _ := strings.Cut(run, "/")
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is no run of the job %s: want its number, last or all", text, job)
	}
	return numbered(slices.DeleteFunc(all, func(k Kept) bool { return image != "" && !strings.HasSuffix(k.Name, "/"+image) }), number)
}

// numbered returns what the run with a number found.
func numbered(all []Kept, number int64) ([]Kept, error) {
	found := slices.DeleteFunc(slices.Clone(all), func(k Kept) bool { return k.Run != number })
	if len(found) == 0 {
		return nil, notKeptf("no facts of run %d", number)
	}
	for _, k := range found {
		if k.Job != found[0].Job {
			return nil, fmt.Errorf("run %d is of several jobs: say which, as @%s/%d or @%s/%d", number, found[0].Job, number, k.Job, number)
		}
	}
	return found, nil
}

// when reads a time. A day stands for its end.
func (p *Past) when(text string) (time.Time, error) {
	zone := p.Zone
	if zone == nil {
		zone = time.UTC
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return t.AddDate(0, 0, 1).Add(-time.Millisecond), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateTime, "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("@%s: want the number of a run, JOB/RUN, a day such as 2026-11-20, a time such as 2026-11-20T14:00, or all", text)
}

// cutMachine splits a name at the @ behind its machine. A name of a machine may have one, too.
func cutMachine(name string, machines []string) (machine, which string) {
	if slices.Contains(machines, name) {
		return name, ""
	}
	for i, c := range name {
		if c == '@' && len(matching(name[:i], machines)) > 0 {
			return name[:i], name[i+1:]
		}
	}
	machine, which, _ = strings.Cut(name, "@")
	return machine, which
}

// matching returns the machine of a name, or those of a pattern.
func matching(pattern string, machines []string) (found []string) {
	if slices.Contains(machines, pattern) {
		return []string{pattern}
	}
	for _, m := range machines {
		if ok, err := path.Match(pattern, m); err == nil && ok {
			found = append(found, m)
		}
	}
	return found
}

func (p *Past) noMachine(name string, machines []string) error {
	if len(machines) == 0 {
		return notKeptf("%s%s: the history in %s has facts of no machine yet", PastPrefix, name, p.Store.Place)
	}
	text := fmt.Sprintf("%s%s: the history has no facts of it", PastPrefix, name)
	if near := nearest.Word(name, machines); near != "" {
		text += fmt.Sprintf(", did you mean %s%s?", PastPrefix, near)
	}
	names := slices.Clone(machines[:min(len(machines), maxNamed)])
	if more := len(machines) - maxNamed; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return notKeptf("%s\nit has facts of %s", text, strings.Join(names, ", "))
}
