package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/guestctl/guestctl/backup/compare"
	"github.com/guestctl/guestctl/backup/cycle"
	"github.com/guestctl/guestctl/backup/seal"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/policy"
)

// Against says what the images of a job are held against, byte for byte, instead of being judged: another image, or a seal.
type Against struct {
	Source string // the image that they are to equal; "" for a seal
	Seal   *seal.Manifest
	// Ignore are patterns of paths whose differences from the source do not count, beside those of the policy (policy.PathPatterns).
	Ignore []string
	// Budget is how much of each image may be read where there is a seal, and Cycle how far earlier runs came; it is moved on. Nil reads
	// everything.
	Budget cycle.Budget
	Cycle  *cycle.State
	Within time.Duration // in which everything is to be read; 0 is any time
	// Started is called with how many bytes a disk has before it is read, and Progress with how many were done since; both may be nil.
	Started, Progress func(bytes int64)
}

// against holds an image against what the job says.
func (r *Result) against(ctx context.Context, name string) (targets []Target, err error) {
	m, err := engine.Open(ctx, r.disks(name), r.job.Engine)
	if err != nil {
		r.hashAlone(ctx, name)
		return r.notJudged(ctx, name, nil, err)
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	defer r.hash(ctx, name, m)()
	a := r.job.Against
	if err := aDisk(m); err != nil && a.Seal == nil { // a seal tells how many bytes there were
		return r.notJudged(ctx, name, m, err)
	}
	if a.Started != nil {
		a.Started(m.Disks[0].Size())
	}
	t := Target{Image: name, Problems: problemsOf(m, nil), Coverage: percent(0, 0)}
	t.describe(m)
	known := &facts.Document{} // without one guest no condition of the policy keeps anything away
	if len(m.Guests) == 1 {
		doc, err := m.Facts(ctx, m.Guests[0], facts.Request{Domains: []string{"os"}}, r.job.Now)
		if err != nil {
			return nil, err
		}
		t.OS, _ = facts.Get[facts.OS](doc, "os")
		t.Root = &doc.Meta.Root
		known = doc
	}
	asked := r.askedOfBackup(&Target{Checks: r.job.Policy.JudgeBy(ctx, known, policy.ByBackup)})
	if a.Seal != nil {
		err = a.sealed(ctx, r, m, &t, asked)
	} else {
		err = a.compared(ctx, r, m, &t, asked)
	}
	if err != nil {
		return r.notJudged(ctx, name, m, err)
	}
	r.settle(&t)
	return []Target{t}, ctx.Err()
}

// compared compares the machine with the source.
func (a *Against) compared(ctx context.Context, r *Result, m *engine.Machine, t *Target, asked backupAsked) (err error) {
	opts := r.job.Engine
	opts.Snapshot = "" // that of the backup
	source, err := engine.Open(ctx, []string{a.Source}, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	if err := aDisk(source); err != nil {
		return err
	}
	ignore, err := r.ignored(a, asked)
	if err != nil {
		return err
	}
	t.Comparison, err = compare.Machines(ctx, source, m, compare.Options{Progress: a.Progress, Now: r.job.Now, Ignore: ignore})
	if err != nil {
		return err
	}
	for _, f := range t.Comparison.Findings() {
		t.Checks = append(t.Checks, asked.by(f.ID, f))
	}
	return r.hashAgainst(ctx, source)
}

// sealed holds the machine against its seal.
func (a *Against) sealed(ctx context.Context, r *Result, m *engine.Machine, t *Target, asked backupAsked) (err error) {
	t.Sealed, err = seal.CheckMachine(ctx, m, a.Seal, seal.CheckOptions{Budget: a.Budget, Cycle: a.Cycle, Now: r.job.Now, Progress: a.Progress})
	if err != nil {
		return err
	}
	t.Checks = append(t.Checks, t.Sealed.Finding())
	t.Checks = append(t.Checks, r.readLately(a, asked, t.Sealed.Whole)...)
	return nil
}

// aDisk wants at least a sector: what is shorter holds nothing that could be equal to something.
func aDisk(m *engine.Machine) error {
	const sector = 512
	if n := m.Disks[0].Size(); n < sector {
		return fmt.Errorf("%s: %w", m.Disks[0].Name, binread.Corrupt("%d bytes, want a disk of at least one sector of %d", n, sector))
	}
	return nil
}
