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
	// Done is called after each image; nil is allowed.
	Done func()
}

// Diff is what another policy would change.
type Diff struct {
	Schema  string       `json:"schema"`
	Old     []string     `json:"old"` // the files of the policies
	New     []string     `json:"new"`
	Checks  []DiffCheck  `json:"checks"` // that came, went or are others, by id
	Targets []DiffTarget `json:"targets"`
	Summary DiffSummary  `json:"summary"`
}

// DiffCheck is a check that only one of the policies has, or that they have in different versions.
type DiffCheck struct {
	ID          string              `json:"id"`
	Kind        ChangeKind          `json:"change"`
	Old         *CheckVersion       `json:"old" jsonschema:"nullable"`
	New         *CheckVersion       `json:"new" jsonschema:"nullable"`
	Differences []policy.Difference `json:"differences"`
}

// CheckVersion is a check as one policy has it.
type CheckVersion struct {
	Title    string           `json:"title"`
	Severity finding.Severity `json:"severity"`
	Policy   finding.Position `json:"policy"`
}

// DiffSummary counts what a change of policy does to guests.
type DiffSummary struct {
	Guests    int `json:"guests"`     // that were judged
	NotJudged int `json:"not_judged"` // images and documents in which nothing could be judged
	Touched   int `json:"touched"`    // guests of which a verdict turns
	Fail      int `json:"fail"`       // verdicts that turn to fail, or fail with a higher severity
	Unknown   int `json:"unknown"`    // verdicts that turn to unknown
	Better    int `json:"better"`     // verdicts that fail or are unknown no more, or fail with a lower severity
}

// DiffTarget is what it would change for one guest, or an image in which none could be judged.
type DiffTarget struct {
	Image   string   `json:"image"`
	Machine string   `json:"machine,omitempty"` // the name of the guest, where it has one
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
	Turn Turn       `json:"turn"`
	Old  *Judgement `json:"old" jsonschema:"nullable"`
	New  *Judgement `json:"new" jsonschema:"nullable"`
}

// Turn is where the verdict of a check turns to.
type Turn string

// The turns. A check that only one policy has turns, too, where it fails or is unknown by the new one.
const (
	TurnsNowhere Turn = ""
	TurnsFail    Turn = "fail"
	TurnsUnknown Turn = "unknown"
	TurnsBetter  Turn = "better"
)

// turn is where a verdict turns to.
func turn(before, after *Judgement) Turn {
	status := func(j *Judgement) finding.Status {
		if j == nil {
			return ""
		}
		return j.Status
	}
	was, is := status(before), status(after)
	bad := func(s finding.Status) bool { return s == finding.Fail || s == finding.Unknown }
	switch {
	case is == finding.Fail && (was != finding.Fail || after.Severity.Rank() > before.Severity.Rank()):
		return TurnsFail
	case is == finding.Unknown && was != finding.Unknown:
		return TurnsUnknown
	case is == finding.Fail && after.Severity.Rank() < before.Severity.Rank(), after != nil && bad(was) && !bad(is):
		return TurnsBetter
	}
	return TurnsNowhere
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
	Expected string           `json:"expected,omitempty"`
	Actual   string           `json:"actual,omitempty"`
	Message  string           `json:"message"`
	Policy   finding.Position `json:"policy"`
}

// Compare judges each guest by both policies, waivers included. The error is that of the context; an image that cannot be
// read is a target with an Error.
func Compare(ctx context.Context, c Comparison) (*Diff, error) {
	d := &Diff{Schema: DiffSchema, Old: c.Old.Files, New: c.New.Files, Checks: diffChecks(c.Old, c.New), Targets: []DiffTarget{}}
	c.Gather.Request = c.Old.Request().Merge(c.New.Request()).Merge(facts.Request{Domains: []string{"os", "hostname"}})
	for _, image := range c.Images {
		docs, err := c.Gather.Image(ctx, image)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			d.add(DiffTarget{Image: image, Error: err.Error(), Err: err, Changes: []Change{}})
			docs = nil
		}
		for _, doc := range docs {
			d.add(c.target(ctx, image, doc))
		}
		if c.Done != nil {
			c.Done()
		}
	}
	return d, ctx.Err()
}

// target judges one guest by both policies.
func (c Comparison) target(ctx context.Context, image string, doc *facts.Document) DiffTarget {
	before, after := c.judged(ctx, c.Old, image, doc), c.judged(ctx, c.New, image, doc)
	t := DiffTarget{Image: image, Changes: changes(before, after)}
	if name, ok := facts.Get[facts.Hostname](doc, "hostname"); ok {
		t.Machine = name.Value
	}
	return t
}

// add adds a target, and counts it.
func (d *Diff) add(t DiffTarget) {
	d.Targets = append(d.Targets, t)
	if t.Error != "" {
		d.Summary.NotJudged++
		return
	}
	d.Summary.Guests++
	turns := map[Turn]int{}
	for _, c := range t.Changes {
		turns[c.Turn]++
	}
	d.Summary.Fail += turns[TurnsFail]
	d.Summary.Unknown += turns[TurnsUnknown]
	d.Summary.Better += turns[TurnsBetter]
	if len(t.Changes) > turns[TurnsNowhere] {
		d.Summary.Touched++
	}
}

// diffChecks tells in what the checks of two policies differ.
func diffChecks(before, after *policy.Policy) []DiffCheck {
	list := []DiffCheck{}
	a, b := checksByID(before), checksByID(after)
	ids := slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b)))
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		c := DiffCheck{ID: id, Kind: Changed, Old: versionOf(a[id]), New: versionOf(b[id]), Differences: []policy.Difference{}}
		switch {
		case c.Old == nil:
			c.Kind = Added
		case c.New == nil:
			c.Kind = Removed
		default:
			if c.Differences = before.Differences(a[id], after, b[id]); len(c.Differences) == 0 {
				continue
			}
		}
		list = append(list, c)
	}
	return list
}

func checksByID(p *policy.Policy) map[string]*policy.Check {
	byID := map[string]*policy.Check{}
	for i := range p.Checks {
		byID[p.Checks[i].ID] = &p.Checks[i]
	}
	return byID
}

func versionOf(c *policy.Check) *CheckVersion {
	if c == nil {
		return nil
	}
	return &CheckVersion{c.Title, c.Severity, c.Position}
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
		c := Change{ID: id, Kind: Changed, Old: judgement(a), New: judgement(b)}
		switch {
		case !was:
			c.Kind, c.Old = Added, nil
		case !is:
			c.Kind, c.New = Removed, nil
		case a.Status == b.Status && (a.Severity == b.Severity || b.Status != finding.Fail):
			continue
		}
		c.Turn = turn(c.Old, c.New)
		list = append(list, c)
	}
	return list
}

func judgement(f finding.Finding) *Judgement {
	v := &Judgement{f.Status, f.Severity, f.Expected, f.Actual, f.Message, f.Policy}
	if v.Message == "" {
		v.Message = f.Actual
	}
	return v
}

// Verdict sums up: of guests Findings when a verdict turns to fail, else NotJudged when one turns to unknown or an image could not be read;
// without guests Findings when the policies differ.
func (d *Diff) Verdict() Verdict {
	switch {
	case len(d.Targets) == 0 && len(d.Checks) > 0, d.Summary.Fail > 0:
		return Findings
	case d.Summary.Unknown+d.Summary.NotJudged > 0:
		return NotJudged
	}
	return Clean
}
