package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/backup/intact"
	"github.com/guestctl/guestctl/backup/origin"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// backupAsked are the checks of [backup] that are for a guest, by id.
type backupAsked map[string]finding.Finding

// askedOfBackup takes the checks of [backup] out of those of the target. What a condition keeps from the guest stays as it is.
func (r *Result) askedOfBackup(t *Target) backupAsked {
	asked, ids := backupAsked{}, r.job.Policy.Elsewhere(policy.ByBackup)
	for _, f := range t.Checks {
		if f.Status == finding.Unknown && slices.Contains(ids, f.ID) {
			asked[f.ID] = f
		}
	}
	t.Checks = apart(t.Checks, ids)
	return asked
}

// by puts what the policy says of the check called id into a finding about a part of it.
func (a backupAsked) by(id string, f finding.Finding) finding.Finding {
	if c, ok := a[id]; ok {
		f.Severity, f.Policy, f.Controls, f.Notes = c.Severity, c.Policy, c.Controls, append(f.Notes, c.Notes...)
	}
	return f
}

// tell is the finding of a check with an outcome.
func tell(c finding.Finding, o finding.Outcome) finding.Finding {
	c.Status, c.Expected, c.Actual, c.Message = o.Status, o.Expected, o.Actual, cmp.Or(o.Message, o.Actual)
	c.Where, c.Notes, c.Fix = append([]finding.Location{}, o.Where...), slices.Concat(o.Notes, c.Notes), cmp.Or(c.Fix, o.Fix)
	return c
}

// noBackup says of what [backup] asks why it is not judged here. It does not apply to an image that is not called a backup; where nothing
// else is asked, somebody meant to call it one, and nothing is known.
func (r *Result) noBackup(t *Target) {
	asked := r.askedOfBackup(t)
	o := finding.Outcome{Status: finding.NotApplicable, Message: "it is asked of backups: guestctl verify-backup judges it"}
	switch {
	case r.job.Backup != nil:
		o = policy.NeedsImage()
	case len(t.Checks) == 0:
		o.Status = finding.Unknown
	}
	for _, c := range asked {
		t.Checks = append(t.Checks, tell(c, o))
	}
}

// judgeBackup puts what is found of the backup's age, machine and boot in the place of what [backup] asks.
func (r *Result) judgeBackup(ctx context.Context, t *Target, m *engine.Machine, g *guest.Guest) error {
	if r.job.Backup == nil {
		r.noBackup(t)
		return nil
	}
	doc, err := m.Facts(ctx, g, facts.Request{Domains: origin.Domains()}, r.job.Now)
	if err != nil {
		return err
	}
	asked, b := r.askedOfBackup(t), r.job.Policy.Backup
	times := origin.TimesOf(m, g, doc)
	t.Times = &times
	for id, o := range map[string]finding.Outcome{
		policy.FileAgeCheck:    times.FileAge(r.job.Now, b.MaxFileAge),
		policy.ContentAgeCheck: times.ContentAge(r.job.Now, b.MaxContentAge),
		policy.CompareCheck:    {Status: finding.NotApplicable, Message: "nothing to compare with: name the source with --compare"},
	} {
		if c, ok := asked[id]; ok {
			t.Checks = append(t.Checks, tell(c, o))
		}
	}
	r.readAll(t, asked)
	t.Checks = append(t.Checks, r.identity(asked, doc)...)
	return r.prove(ctx, t, m, g, asked)
}

// readAll tells whether all of the backup was read within the time for it, as the policy wants it told of this guest. Where a run reads a
// share, the finding is there already.
func (r *Result) readAll(t *Target, asked backupAsked) {
	c, wanted := asked[policy.ReadAllCheck]
	i := slices.IndexFunc(t.Checks, func(f finding.Finding) bool { return f.ID == policy.ReadAllCheck && f.Status != finding.NotApplicable })
	switch {
	case i >= 0 && wanted:
		t.Checks[i] = asked.by(c.ID, t.Checks[i])
	case i >= 0 && r.job.Backup.Share.Within == 0: // the policy asks it of other guests
		t.Checks = slices.Delete(t.Checks, i, i+1)
	case wanted:
		t.Checks = append(t.Checks, tell(c, readNow(t.Checks)))
	}
}

// readNow says whether this run read all of the backup.
func readNow(checks []finding.Finding) finding.Outcome {
	o := finding.Outcome{Status: finding.Unknown, Message: "not all of it was read: give --full, with --budget to read a share in each run, or --sealed"}
	for _, f := range checks {
		if f.ID == intact.DataLayer && f.Status == finding.Pass {
			o.Status, o.Message = finding.Pass, "this run read all of it"
		} else if f.ID == intact.DataLayer {
			o.Message = "not all of it could be read: see " + f.ID
		}
	}
	return o
}

// ignored is what says which differences from the source do not count.
func (r *Result) ignored(a *Against, asked backupAsked) (func(path string) bool, error) {
	patterns := a.Ignore
	if _, ok := asked[policy.CompareCheck]; ok {
		patterns = slices.Concat(r.job.Policy.Backup.Ignore, patterns)
	}
	return policy.PathPatterns(patterns)
}

// readLately says whether all of the backup was read within the time that the user or the policy allows for it; whole is whether this
// run did.
func (r *Result) readLately(a *Against, asked backupAsked, whole bool) []finding.Finding {
	within := a.Within
	c, wanted := asked[policy.ReadAllCheck]
	if wanted {
		within = cmp.Or(within, r.job.Policy.Backup.ReadAllWithin)
	}
	switch {
	case a.Cycle != nil && within > 0:
		return []finding.Finding{asked.by(policy.ReadAllCheck, a.Cycle.Finding(r.job.Now, within))}
	case wanted && whole:
		return []finding.Finding{tell(c, finding.Outcome{Status: finding.Pass, Message: "this run read all of it"})}
	case wanted:
		return []finding.Finding{tell(c, finding.Outcome{Status: finding.Unknown, Message: "not all of it was read, and what earlier runs read is not kept"})}
	}
	return nil
}

// openSource reads the facts about the machine that the backups are to be of; nil where nobody asks for that.
func (r *Result) openSource(ctx context.Context) (*facts.Document, error) {
	if r.job.Backup == nil {
		return nil, nil
	}
	name := r.job.Backup.Same
	if name == "" && slices.Contains(r.job.Policy.Elsewhere(policy.ByBackup), policy.IdentityCheck) {
		name = r.job.Policy.Backup.Same
	}
	if name == "" {
		return nil, nil
	}
	root := r.job.Root
	if root == "all" {
		root = "auto"
	}
	docs, err := Gather{
		Engine: r.job.Engine, Documents: r.job.Documents, Root: root, Request: facts.Request{Domains: origin.Domains()}, Now: r.job.Now, Tool: r.job.Tool,
	}.Image(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("the source of the identity: %w", err)
	}
	return docs[0], nil
}

// identity holds a backup against the machine that it is to be of: a finding for each part that the source has.
func (r *Result) identity(asked backupAsked, doc *facts.Document) []finding.Finding {
	_, wanted := asked[policy.IdentityCheck]
	switch {
	case r.source == nil && !wanted:
		return nil
	case r.job.Backup.Same == "" && !wanted: // the policy does not ask it of this guest
		return nil
	}
	var all []finding.Finding
	whole := asked.by(policy.IdentityCheck, finding.Finding{
		ID: policy.IdentityCheck, Title: "The backup is of the machine that it is meant to be of", Severity: finding.Critical,
		Fingerprint: finding.Fingerprint(policy.IdentityCheck, "", ""),
	})
	if r.source == nil {
		return append(all, tell(whole, finding.Outcome{
			Status: finding.Unknown, Message: "nothing to compare with: name stored facts or an image of the machine with --same-identity",
		}))
	}
	for _, p := range origin.Parts() {
		if o, ok := p.Compare(r.source, doc); ok {
			part := whole
			part.ID, part.Title = whole.ID+"/"+p.Name, p.Title
			part.Fingerprint = finding.Fingerprint(part.ID, "", "")
			all = append(all, tell(part, o))
		}
	}
	if len(all) == 0 {
		all = append(all, tell(whole, finding.Outcome{
			Status: finding.Unknown, Message: "the source has neither a machine id nor SSH host keys nor a file system with a UUID: nothing to compare",
		}))
	}
	return all
}

// bootAsked is on what the guest has to be proven to boot; nil asks for no proof.
func (r *Result) bootAsked(asked backupAsked) *Boot {
	_, wanted := asked[policy.BootableCheck]
	if !wanted {
		return r.job.Backup.Boot
	}
	b := Boot(*r.job.Policy.Backup.Bootable)
	if flags := r.job.Backup.Boot; flags != nil {
		b.Target, b.Firmware = cmp.Or(flags.Target, b.Target), cmp.Or(flags.Firmware, b.Firmware)
	}
	return &b
}
