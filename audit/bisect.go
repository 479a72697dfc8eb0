package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/bisect"
	"github.com/guestctl/guestctl/internal/nearest"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/scanner"
	"github.com/guestctl/guestctl/scanner/yara"
)

// BisectionSchema names the version of a Bisection as JSON.
const BisectionSchema = "guestctl.bisection/1"

// maxEvidence is how many findings of one state are told.
const maxEvidence = 20

// Bisect says in which series to look for the first that is bad.
type Bisect struct {
	Items []Item // the oldest first
	Order Order
	// Job judges one image, or stored facts, by the one thing that is looked for: a policy with one check, or a scan. Its Images are those of
	// the series.
	Job Job
	// Check is the id of the check, and Rule the name of the rule; one of them is "".
	Check, Rule string
	// All looks at every one.
	All bool
	// Done is called after each image that was judged; nil is allowed.
	Done func(JudgedItem)
}

// Bisection is the last good and the first bad of a series.
type Bisection struct {
	Schema  string      `json:"schema"`
	Order   Order       `json:"order"`
	Check   string      `json:"check,omitempty"`
	Rule    string      `json:"rule,omitempty"`
	Outcome bisect.Kind `json:"outcome"` // found, between, always, never, undecided
	Images  int         `json:"images"`  // of the series
	// LastGood and FirstBad are nil where there is none; Between are those between them, none of which can be judged.
	LastGood *JudgedItem `json:"last_good" jsonschema:"nullable"`
	FirstBad *JudgedItem `json:"first_bad" jsonschema:"nullable"`
	Between  []string    `json:"between"`
	// Flips are the images whose state is another than that of the one before them that is known.
	Flips  []string     `json:"flips"`
	Judged []JudgedItem `json:"judged"` // in the order of the series
	// Notes say what the outcome does not rest on.
	Notes []string `json:"notes"`
}

// JudgedItem is one of a series that was looked at.
type JudgedItem struct {
	Item
	State StateName `json:"state"`
	// Why says in a few words why it is bad, or not known.
	Why string `json:"why,omitempty"`
	// Findings are the evidence, of the last good and the first bad.
	Findings []finding.Finding `json:"findings,omitempty"`
}

// StateName is what one of a series is.
type StateName string

// The states.
const (
	StateGood    StateName = "good"
	StateBad     StateName = "bad"
	StateUnknown StateName = "unknown"
)

// CheckJob makes the job ask one check of a policy, and tells those that are decided by what is not looked at here.
func (b *Bisect) CheckJob(p *policy.Policy, id string) error {
	one, err := p.Only(id)
	if err != nil {
		return err
	}
	switch one.Checks[0].By {
	case policy.ByBackup, policy.ByDrift:
		return fmt.Errorf("check %s is about a backup as such, or about another state: it cannot be looked for in a series", id)
	}
	b.Check, b.Job.Policy = id, one
	return nil
}

// RuleJob makes the job look for the matches of one YARA rule. The error names a rule that is near where there is none of that name.
func (b *Bisect) RuleJob(scan *Scan, name string) error {
	rules := scan.Rules()
	if !slices.Contains(rules, name) {
		err := fmt.Errorf("no rule %s among the %d that are used", name, len(rules))
		if near := nearest.Word(name, rules); near != "" {
			err = fmt.Errorf("%w, did you mean %s?", err, near)
		}
		return err
	}
	b.Rule, b.Job.Scan, b.Job.Policy = name, scan, &policy.Policy{}
	return nil
}

// Run looks for the first bad one. The error is that of the context, or of a job that cannot be done.
func (b Bisect) Run(ctx context.Context) (*Bisection, error) {
	w := &bisecting{Bisect: b, judged: make([]*JudgedItem, len(b.Items))}
	var r bisect.Result
	var err error
	if b.All {
		r, err = w.all(ctx)
	} else {
		r, err = bisect.Search(ctx, len(b.Items), w.judge)
	}
	if err != nil {
		return nil, err
	}
	return w.bisection(r), nil
}

// bisecting is a search at work.
type bisecting struct {
	Bisect
	mu     sync.Mutex
	judged []*JudgedItem
}

// all judges every one, as many at the same time as the job says.
func (w *bisecting) all(ctx context.Context) (bisect.Result, error) {
	states := make([]bisect.State, len(w.Items))
	errs := make([]error, len(w.Items))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	slots := make(chan struct{}, max(1, w.Job.Jobs))
	for i := range w.Items {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if states[i], errs[i] = w.judge(ctx, i); errs[i] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return bisect.Result{}, err
		}
	}
	return bisect.Sum(states), errors.Join(errs...)
}

// judge looks at one of the series.
func (w *bisecting) judge(ctx context.Context, i int) (bisect.State, error) {
	job := w.Job
	job.Images, job.Root, job.Jobs, job.Done = []string{w.Items[i].Image}, cmp.Or(w.Items[i].Root, job.Root), 1, nil
	r, err := Run(ctx, job)
	if err != nil {
		return bisect.Unknown, err
	}
	one := w.state(r.Targets)
	one.Item = w.Items[i]
	w.mu.Lock()
	defer w.mu.Unlock()
	w.judged[i] = &one
	if w.Done != nil {
		w.Done(one)
	}
	return map[StateName]bisect.State{StateGood: bisect.Good, StateBad: bisect.Bad, StateUnknown: bisect.Unknown}[one.State], nil
}

// state is what the guests of an image come to: one that is bad makes it bad, and one of which nobody knows makes it unknown.
func (w *bisecting) state(targets []Target) JudgedItem {
	var good, bad, unknown []finding.Finding
	why := ""
	for i := range targets {
		t := &targets[i]
		told := len(good) + len(bad) + len(unknown)
		for _, c := range t.Checks {
			switch {
			case w.isBad(c):
				bad = append(bad, c)
			case w.Rule != "" && c.ID != policy.MalwareCheck && c.ID != malwarePrefix+yara.Name: // of another engine or rule
			case c.Status == finding.Unknown || c.Status == finding.Manual:
				unknown = append(unknown, c)
			default:
				good = append(good, c)
			}
		}
		switch {
		case t.Error != "":
			why = t.Error
		case !w.known(t) && told == len(good)+len(bad)+len(unknown):
			why = "it was not judged"
		}
	}
	switch {
	case len(bad) > 0:
		return JudgedItem{State: StateBad, Why: bad[0].Message, Findings: evidence(bad)}
	case len(unknown) > 0:
		return JudgedItem{State: StateUnknown, Why: cmp.Or(why, unknown[0].Message), Findings: evidence(unknown)}
	case why != "" || len(targets) == 0:
		return JudgedItem{State: StateUnknown, Why: why}
	}
	return JudgedItem{State: StateGood, Findings: evidence(good)}
}

func evidence(findings []finding.Finding) []finding.Finding {
	return findings[:min(len(findings), maxEvidence)]
}

// isBad reports whether a finding is what is looked for. One that was waived is there all the same.
func (w *bisecting) isBad(f finding.Finding) bool {
	if w.Rule != "" {
		return f.ID == malwarePrefix+yara.Name+"/"+w.Rule
	}
	return f.Status == finding.Fail || f.Status == finding.Waived
}

// known reports whether a guest was looked at although nothing is told of what is looked for: a scan in which other rules matched.
func (w *bisecting) known(t *Target) bool {
	return w.Rule != "" && t.Malware != nil && slices.ContainsFunc(t.Malware.Engines, func(d scanner.Description) bool { return d.Name == yara.Name })
}

func (w *bisecting) bisection(r bisect.Result) *Bisection {
	b := &Bisection{
		Schema: BisectionSchema, Order: w.Order, Check: w.Check, Rule: w.Rule, Outcome: r.Kind, Images: len(w.Items),
		Between: []string{}, Flips: []string{}, Judged: []JudgedItem{}, Notes: []string{},
	}
	at := func(i int) *JudgedItem {
		if i < 0 {
			return nil
		}
		return w.judged[i]
	}
	b.LastGood, b.FirstBad = at(r.LastGood), at(r.FirstBad)
	if r.Kind == bisect.Between {
		for _, item := range w.Items[r.LastGood+1 : r.FirstBad] {
			b.Between = append(b.Between, item.Called())
		}
	}
	for _, i := range r.Flips {
		b.Flips = append(b.Flips, w.Items[i].Called())
	}
	for _, one := range w.judged {
		if one != nil {
			short := *one
			short.Findings = nil
			b.Judged = append(b.Judged, short)
		}
	}
	b.note(r)
	return b
}

// note says what the outcome does not rest on.
func (b *Bisection) note(r bisect.Result) {
	left := b.Images - len(b.Judged)
	if len(r.Flips) > 1 || r.Kind == bisect.Always && len(r.Flips) > 0 {
		b.Notes = append(b.Notes, "the series goes to and fro: what is told is the first change, of those that were seen")
	}
	if r.Kind == bisect.Never && left > 0 {
		b.Notes = append(b.Notes, fmt.Sprintf("the first and the last are good; those between them (%d) were not looked at: --all looks at them", left))
	}
	if r.Kind == bisect.Always && left > 0 && len(r.Flips) > 0 {
		b.Notes = append(b.Notes, "the last is good: it was mended in between; --all tells when")
	}
}

// Verdict sums up: Findings when the first bad one was found, NotJudged when that could not be decided.
func (b *Bisection) Verdict() Verdict {
	switch b.Outcome {
	case bisect.Found, bisect.Always:
		return Findings
	case bisect.Never:
		return Clean
	}
	return NotJudged
}
