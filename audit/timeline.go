package audit

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/guestctl/guestctl/drift"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// TimelineSchema names the version of a Timeline as JSON.
const TimelineSchema = "guestctl.timeline/1"

// Series says which states of a machine are looked at, in their order.
type Series struct {
	Items []Item
	Order Order
	// Gather says how to read them. Its Request is that of the job.
	Gather Gather
	// Policy judges every state; nil judges none.
	Policy *policy.Policy
	FailOn FailOn
	// Top is how many changes of a step are told one by one; 0 tells all.
	Top int
	// Jobs is how many images are read at the same time; 0 is one. As many documents are in memory, and two more.
	Jobs int
	// Done is called after each image; nil is allowed.
	Done func()
}

// Timeline is how a machine went from state to state.
type Timeline struct {
	Schema string   `json:"schema"`
	Order  Order    `json:"order"`
	Policy []string `json:"policy"` // the files of it
	States []Moment `json:"states"` // the oldest first
}

// Moment is one state, and what became of the machine since the one before.
type Moment struct {
	Item
	Machine string `json:"machine,omitempty"` // the name of the guest
	// Error says why the state could not be read, and Hint what to do; the next is then held against the one before it.
	Error string `json:"error,omitempty"`
	Hint  string `json:"hint,omitempty"`
	// Since is the state that this one is held against; "" for the first.
	Since   string         `json:"since,omitempty"`
	Changes int            `json:"changes"` // of the facts
	Domains []DomainChange `json:"domains"` // by name
	Top     []drift.Change `json:"top"`     // the gravest first
	Unread  []drift.Unread `json:"unread"`  // what could not be compared
	// Verdict is what the policy says; nil without one.
	Verdict *MomentVerdict `json:"verdict,omitempty"`
}

// DomainChange counts what changed in one domain of the facts.
type DomainChange struct {
	Domain  string `json:"domain"`
	Added   int    `json:"added"`
	Removed int    `json:"removed"`
	Changed int    `json:"changed"`
}

// MomentVerdict is what a policy says of a state.
type MomentVerdict struct {
	Result   finding.Status `json:"result"`
	Coverage float64        `json:"coverage"`
	Counts
	Failing []string `json:"failing"` // the checks that fail, by id
	Turned  []Change `json:"turned"`  // the checks with another verdict than in the state before
}

// Timeline reads the states one after the other. The error is that of the context.
func (s Series) Timeline(ctx context.Context) (*Timeline, error) {
	t := &Timeline{Schema: TimelineSchema, Order: s.Order, Policy: []string{}, States: []Moment{}}
	s.Gather.Request = wholeRequest()
	if s.Policy != nil {
		t.Policy = s.Policy.Files
		s.Gather.Request = s.Gather.Request.Merge(s.Policy.Request())
	}
	line := &following{Series: s}
	err := s.each(ctx, func(i int, doc *facts.Document, err error) {
		t.States = append(t.States, line.moment(ctx, s.Items[i], doc, err))
		if s.Done != nil {
			s.Done()
		}
	})
	return t, err
}

// each reads the states, some at the same time, and gives them to work in their order.
func (s Series) each(ctx context.Context, work func(i int, doc *facts.Document, err error)) error {
	ctx, cancel := context.WithCancel(ctx)
	type read struct {
		doc *facts.Document
		err error
	}
	results := make([]chan read, len(s.Items))
	for i := range results {
		results[i] = make(chan read, 1)
	}
	slots := make(chan struct{}, max(1, s.Jobs))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		for i := range s.Items {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			wg.Go(func() {
				doc, err := s.Gather.One(ctx, s.Items[i])
				results[i] <- read{doc, err}
			})
		}
	})
	for i := range results {
		select {
		case r := <-results[i]:
			if ctx.Err() != nil {
				return ctx.Err()
			}
			work(i, r.doc, r.err)
			<-slots
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// following holds every state against the one before.
type following struct {
	Series
	before   *facts.Document // the last that could be read
	name     string          // of it
	verdicts map[string]finding.Finding
}

func (f *following) moment(ctx context.Context, item Item, doc *facts.Document, err error) Moment {
	m := Moment{Item: item, Domains: []DomainChange{}, Top: []drift.Change{}, Unread: []drift.Unread{}}
	if err != nil {
		m.Error, m.Hint = err.Error(), binread.HintOf(err)
		return m
	}
	if name, ok := facts.Get[facts.Hostname](doc, "hostname"); ok {
		m.Machine = name.Value
	}
	if f.before != nil {
		m.Since = f.name
		m.compare(f.before, doc, f.Top)
	}
	if f.Policy != nil {
		m.Verdict = f.judge(ctx, item.Called(), doc)
	}
	f.before, f.name = doc, item.Called()
	return m
}

// compare tells what changed. Of the changes so many are told one by one.
func (m *Moment) compare(before, after *facts.Document, top int) {
	c := drift.Compare(before, after, drift.Options{Domains: drift.Comparable(collectorNames())})
	m.Changes, m.Unread = len(c.Changes), c.Unread
	counts := map[string]*DomainChange{}
	for i := range c.Changes {
		one := &c.Changes[i]
		d := counts[one.Domain]
		if d == nil {
			d = &DomainChange{Domain: one.Domain}
			counts[one.Domain] = d
		}
		switch one.Kind {
		case drift.Added:
			d.Added++
		case drift.Removed:
			d.Removed++
		default:
			d.Changed++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		m.Domains = append(m.Domains, *counts[name])
	}
	slices.SortStableFunc(c.Changes, func(a, b drift.Change) int { return cmp.Compare(b.Severity.Rank(), a.Severity.Rank()) })
	if top > 0 && len(c.Changes) > top {
		c.Changes = c.Changes[:top]
	}
	m.Top = append(m.Top, c.Changes...)
}

func (f *following) judge(ctx context.Context, image string, doc *facts.Document) *MomentVerdict {
	job := Job{Policy: f.Policy, FailOn: f.FailOn, MinCoverage: f.Policy.MinCoverage, Now: f.Gather.Now}
	r := &Result{job: job, Policy: policyOf(job)}
	t := r.target(image, r.verdict(ctx, doc))
	r.settle(&t)
	v := &MomentVerdict{Result: t.Result, Coverage: t.Coverage, Counts: t.Counts, Failing: []string{}, Turned: []Change{}}
	now := map[string]finding.Finding{}
	for _, c := range t.Checks {
		now[c.ID] = c
		if c.Status == finding.Fail {
			v.Failing = append(v.Failing, c.ID)
		}
	}
	if f.verdicts != nil {
		v.Turned = changes(f.verdicts, now)
	}
	f.verdicts = now
	return v
}

// Verdict sums up: Findings when a state fails, else NotJudged when one or a part of it could not be read, or is unknown by the policy.
func (t *Timeline) Verdict() Verdict {
	v := Clean
	for i := range t.States {
		m := &t.States[i]
		switch {
		case m.Verdict != nil && m.Verdict.Result == finding.Fail:
			return Findings
		case m.Error != "" || len(m.Unread) > 0 || m.Verdict != nil && m.Verdict.Result != finding.Pass:
			v = NotJudged
		}
	}
	return v
}
