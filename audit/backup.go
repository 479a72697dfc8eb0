package audit

import (
	"context"
	"errors"

	"github.com/guestctl/guestctl/backup/intact"
	"github.com/guestctl/guestctl/backup/live"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/scanner/packages"
)

// Backup says how the images are verified as backups.
//
// Nothing that was found before is taken for an answer: what a medium does to the bytes of a file changes none of the file's times.
type Backup struct {
	// Full reads every byte that the images hold, and verifies every compressed file.
	Full bool
	// Share has Full read a share of the bytes in each run; nil reads all of them.
	Share *Share
	// Boot asks for a proof that the guest boots; nil asks for none.
	Boot *Boot
	// Live asks for a real boot in QEMU, and says how; nil asks for none.
	Live *live.Options
	// Same is stored facts or an image of the machine that the images are to be of; "" leaves it to the policy.
	Same string
	// Ignore are patterns of paths whose files need not be as their package has them (policy.PathPatterns).
	Ignore []string
	// Started is called with about how many bytes are going to be read, now and then, and Progress with how many were read since; both
	// may be nil.
	Started, Progress func(bytes int64)
}

// BackupPackages is the id of the findings on files that are not as their package shipped them.
const BackupPackages = "backup.packages"

// BackupSystem is the id of the finding that there is an operating system.
const BackupSystem = "backup.system"

func (b *Backup) options() intact.Options {
	return intact.Options{Full: b.Full, Started: b.Started, Progress: b.Progress}
}

// verifyDisks verifies the disks of a machine, where the job asks for it; nil where it does not.
func (r *Result) verifyDisks(ctx context.Context, m *engine.Machine) (*intact.Verification, error) {
	switch {
	case r.job.Backup == nil:
		return nil, nil
	case r.job.Backup.Share != nil:
		return r.verifyShare(ctx, m)
	}
	return intact.Verify(ctx, m, r.job.Backup.options())
}

// verifyGuest adds what the verification of the disks, and of what is in the guest, finds to the checks of the target.
func (r *Result) verifyGuest(ctx context.Context, t *Target, m *engine.Machine, g *guest.Guest, disks *intact.Verification) error {
	if disks == nil {
		return nil
	}
	all := disks.Clone() // there may be more guests on the disks
	if err := all.Unpack(ctx, g, r.job.Backup.options()); err != nil {
		return err
	}
	t.Backup = all
	v := verification{files: true, Verify: Verify{
		AllowConfig: true, Ignore: r.job.Backup.Ignore, Started: r.job.Backup.Started, Progress: r.job.Backup.Progress,
	}}
	result := &packages.Result{}
	judged := t.Packages != nil // they were asked for, and judged more strictly
	if !judged {
		var err error
		if result, err = v.run(ctx, g, read{}); err != nil {
			return err
		}
		p := packagesOf(result)
		t.Packages = &p
	}
	if err := r.attribute(ctx, m, g, all, result); err != nil {
		return err
	}
	t.Checks = append(t.Checks, all.Findings()...)
	if !judged {
		t.Checks = append(t.Checks, v.intact(result, all)...)
	}
	return nil
}

// withoutGuest is the target of a backup in which no operating system can be judged.
func (r *Result) withoutGuest(ctx context.Context, name string, m *engine.Machine, disks *intact.Verification, err error) ([]Target, error) {
	t := Target{Image: name, Backup: disks, Checks: disks.Findings(), Problems: problemsOf(m, nil), Coverage: percent(0, 0)}
	t.describe(m)
	t.Checks = append(t.Checks, finding.Finding{
		ID: BackupSystem, Title: "There is an operating system", Status: finding.Unknown, Severity: finding.High, Expected: "an operating system",
		Actual: "none that can be judged", Message: err.Error(), Where: []finding.Location{}, Fix: binread.HintOf(err),
		Fingerprint: finding.Fingerprint(BackupSystem, "", ""),
	})
	if err := r.bootFor(ctx, &t, m); err != nil {
		return nil, err
	}
	r.unchanged(&t, m)
	r.settle(&t)
	return []Target{t}, ctx.Err()
}

// damagedContainer is the target of a backup whose container is so damaged that nothing in it can be looked at. It returns false where
// that is not what is wrong.
func (r *Result) damagedContainer(name string, err error) (Target, bool) {
	if r.job.Backup == nil || !errors.Is(err, binread.ErrCorrupt) && !errors.Is(err, binread.ErrChecksum) {
		return Target{}, false
	}
	for _, disk := range r.disks(name) {
		f, openErr := image.OpenFile(disk)
		if openErr != nil {
			return Target{}, false // the file itself, not what it contains
		}
		_ = f.Close() // of a file that was only read
	}
	t := Target{Image: name, Problems: []Problem{}, Coverage: percent(0, 0), Checks: []finding.Finding{{
		ID: intact.ContainerLayer, Title: "The container is sound", Status: finding.Fail, Severity: finding.Critical, Expected: "no damage",
		Actual: "it cannot be opened", Message: err.Error(), Where: []finding.Location{}, Fix: "take another backup",
		Fingerprint: finding.Fingerprint(intact.ContainerLayer, "", ""),
	}}}
	r.settle(&t)
	return t, true
}

// intact turns differences of content into failing checks. Modes and owners, and what an administrator changed, are no damage: they are
// counted, and guestctl verify-packages tells them.
func (v *verification) intact(r *packages.Result, disks *intact.Verification) []finding.Finding {
	var all []finding.Finding
	changed, doubts := 0, 0
	for i := range r.Differences {
		d := &r.Differences[i]
		switch {
		case isDamage(d):
			all = append(all, v.damaged(d, disks.In(BackupPackages, d.Path)))
		case d.Kind == packages.Database:
			doubts++
			r.Unread = append(r.Unread, packages.Unread{Path: d.Path, Cause: d.Actual})
		default:
			changed++
		}
	}
	o := judged(r, len(all))
	if o.Status != finding.Fail || len(all) == 0 {
		o.Expected = "files of packages have the content that their package has"
		if changed > 0 {
			o.Notes = append(o.Notes, countOf(changed, "other difference")+" of mode, owner or without a digest: see guestctl verify-packages")
		}
		whole := v.whole(BackupPackages, o)
		whole.Title = "The files of packages are whole"
		all = append(all, whole)
	}
	return all
}

// isDamage reports whether a difference is one of content.
func isDamage(d *packages.Difference) bool {
	switch d.Kind {
	case packages.Modified, packages.Missing, packages.WrongType, packages.WrongTarget:
		return true
	}
	return false
}

// damaged is a file whose content is not what its package has. What is known of its place may be nil.
func (v *verification) damaged(d *packages.Difference, at *intact.Damage) finding.Finding {
	f := v.finding(d)
	f.ID = BackupPackages + ":" + d.Path
	f.Title = d.Path + " is whole"
	f.Severity = severityOf(d)
	means := meaning(d.Role)
	if at != nil {
		f.Severity, means = at.Severity, at.Meaning
		if at.Place != "" {
			f.Notes = append(f.Notes, "it lies on the disk at "+at.Place)
		}
	}
	f.Message += "; " + means
	f.Fingerprint = finding.Fingerprint(f.ID, string(d.Kind), d.Path)
	return f
}

// severityOf is at least medium: a bit that flipped does not choose its file.
func severityOf(d *packages.Difference) finding.Severity {
	if d.Severity.Rank() < finding.Medium.Rank() {
		return finding.Medium
	}
	return d.Severity
}

// meaning says what damage to a file does.
func meaning(role packages.Role) string {
	switch role {
	case packages.Program:
		return "a program that is damaged may not run, or do something else"
	case packages.Library:
		return "programs that use a damaged library may not run, or do something else"
	case packages.Module:
		return "the kernel may not load it, or crash"
	case packages.Unit, packages.Code:
		return "a service or script may not run"
	case packages.Documentation:
		return "nothing runs worse, and what is beside it on the disk may be damaged, too"
	}
	return "what reads it gets something else"
}
