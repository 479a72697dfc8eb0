package audit

import (
	"context"
	"maps"
	"slices"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// DiffSchema names the version of a Diff as JSON.
const DiffSchema = "guestctl.policydiff/1"

// Comparison says which policies to compare, and on which guests.
type Comparison struct {
	Old, New *policy.Policy
	Images   []string
	// Gather says how to read the images. Its Request is that of the policies.
	Gather Gather
}

// Diff is what another policy would change.
type Diff struct {
	Schema  string       `json:"schema"`
	Old     []string     `json:"old"` // the files of the policies
	New     []string     `json:"new"`
	Targets []DiffTarget `json:"targets"`
}

// DiffTarget is what it would change for one guest, or an image in which none could be judged.
type DiffTarget struct {
	Image   string   `json:"image"`
	Error   string   `json:"error,omitempty"`
	Changes []Change `json:"changes"` // by id

	// Err is the error behind Error.
	Err error `json:"-"`
}

// Change is a check that came, went, or has another verdict. The verdict of a check that fails has another weight with
// another severity.
type Change struct {
	ID   string     `json:"id"`
	Kind ChangeKind `json:"change"`
	Old  *Judgement `json:"old" jsonschema:"nullable"`
	New  *Judgement `json:"new" jsonschema:"nullable"`
}

// ChangeKind is how a check changed.
type ChangeKind string

// The kinds.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
)

// Judgement is what one policy says of a check.
type Judgement struct {
	Status   finding.Status   `json:"status"`
	Severity finding.Severity `json:"severity"`
	Message  string           `json:"message"`
	Policy   finding.Position `json:"policy"`
}

// Compare judges each guest by both policies, waivers included. The error is that of the context; an image that cannot be
// read is a target with an Error.
func Compare(ctx context.Context, c Comparison) (*Diff, error) {
	d := &Diff{Schema: DiffSchema, Old: c.Old.Files, New: c.New.Files, Targets: []DiffTarget{}}
	c.Gather.Request = c.Old.Request().Merge(c.New.Request()).Merge(facts.Request{Domains: []string{"os"}})
	for _, image := range c.Images {
		docs, err := c.Gather.Image(ctx, image)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			d.Targets = append(d.Targets, DiffTarget{Image: image, Error: err.Error(), Err: err, Changes: []Change{}})
			continue
		}
		for _, doc := range docs {
			before, after := c.judged(ctx, c.Old, image, doc), c.judged(ctx, c.New, image, doc)
			d.Targets = append(d.Targets, DiffTarget{Image: image, Changes: changes(before, after)})
		}
	}
	return d, ctx.Err()
}

// judged returns the findings of one policy by their ids.
func (c Comparison) judged(ctx context.Context, p *policy.Policy, image string, doc *facts.Document) map[string]finding.Finding {
	r := &Result{job: Job{Policy: p, Now: c.Gather.Now}}
	t := r.target(image, r.verdict(ctx, doc))
	r.settle(&t)
	byID := map[string]finding.Finding{}
	for _, f := range t.Checks {
		byID[f.ID] = f
	}
	return byID
}

func changes(before, after map[string]finding.Finding) []Change {
	list := []Change{}
	ids := slices.Concat(slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after)))
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		a, was := before[id]
		b, is := after[id]
		switch {
		case !was:
			list = append(list, Change{id, Added, nil, judgement(b)})
		case !is:
			list = append(list, Change{id, Removed, judgement(a), nil})
		case a.Status != b.Status, a.Severity != b.Severity && b.Status == finding.Fail:
			list = append(list, Change{id, Changed, judgement(a), judgement(b)})
		}
	}
	return list
}

func judgement(f finding.Finding) *Judgement {
	v := &Judgement{f.Status, f.Severity, f.Message, f.Policy}
	if v.Message == "" {
		v.Message = f.Actual
	}
	return v
}

// Verdict sums up: Findings when anything changes, else NotJudged when an image could not be read.
func (d *Diff) Verdict() Verdict {
	v := Clean
	for _, t := range d.Targets {
		switch {
		case len(t.Changes) > 0:
			return Findings
		case t.Error != "":
			v = NotJudged
		}
	}
	return v
}
