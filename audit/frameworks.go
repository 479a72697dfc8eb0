package audit

import (
	"slices"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/rules/frameworks"
)

// ControlState is how far a guest meets one control of a framework, as far as checks can say.
type ControlState string

// The states. What was not read is never Met, and neither is what is only excused.
const (
	Met            ControlState = "met"     // every check of the control passed or does not apply, and one passed
	NotMet         ControlState = "not_met" // a check failed and none passed
	Partly         ControlState = "partly"  // some passed, and others failed or were not asked
	ControlUnknown ControlState = "unknown" // none failed, and one could not be judged
	ControlWaived  ControlState = "waived"  // none failed or is unknown, and a failure is accepted
	ControlManual  ControlState = "manual"  // what remains is for people to look at
	ControlNA      ControlState = "not_applicable"
	NotCovered     ControlState = "not_covered" // no check of the control was asked
)

// ControlStates lists the states in the order of a report.
func ControlStates() []ControlState {
	return []ControlState{NotMet, Partly, ControlUnknown, ControlWaived, ControlManual, Met, ControlNA, NotCovered}
}

// Framework is how far a guest meets a published framework.
type Framework struct {
	Key     string `json:"key"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Note    string `json:"note,omitempty"`
	// Complete says that Controls has all controls of the framework, so that what is not covered is all named.
	Complete bool                 `json:"complete"`
	Counts   map[ControlState]int `json:"counts"` // of every state
	Controls []Control            `json:"controls"`
}

// Control is one control of a framework and what its checks found.
type Control struct {
	ID     string         `json:"id"`
	State  ControlState   `json:"state"`
	Checks []ControlCheck `json:"checks"`
}

// ControlCheck is one check of a control. Its status is "" when the policy has no such check.
type ControlCheck struct {
	ID     string         `json:"id"`
	Status finding.Status `json:"status"`
}

// frameworkKeys lists the frameworks to report: those of the job, then those of the policy, each once. What a baseline
// names and nobody knows is a warning of the policy.
func frameworkKeys(job Job) []string {
	keys := slices.Clone(job.Frameworks)
	for _, name := range job.Policy.Frameworks {
		if key, _ := frameworks.Resolve(name); key != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// tables compares findings with each of the frameworks.
func tables(list []*frameworks.Framework, findings []finding.Finding) []Framework {
	all := make([]Framework, 0, len(list))
	for _, f := range list {
		all = append(all, table(f, findings))
	}
	return all
}

func table(f *frameworks.Framework, findings []finding.Finding) Framework {
	t := Framework{
		Key: f.Key, Name: f.Name, Version: f.Version, Note: f.Note, Complete: f.Complete,
		Counts: map[ControlState]int{}, Controls: make([]Control, 0, len(f.Controls)),
	}
	statuses := map[string]finding.Status{}
	own := map[string][]string{} // ids of checks that name a control themselves
	for _, c := range findings {
		// A check with several findings is as good as the worst of them.
		if was, ok := statuses[c.ID]; !ok || worse(c.Status, was) {
			statuses[c.ID] = c.Status
		}
		for _, number := range c.Controls[f.Key] {
			number = frameworks.Number(number)
			own[number] = append(own[number], c.ID)
		}
	}
	add := func(id string, checks []string) {
		c := Control{ID: id, Checks: []ControlCheck{}}
		slices.Sort(checks)
		for _, check := range slices.Compact(checks) {
			c.Checks = append(c.Checks, ControlCheck{check, statuses[check]})
		}
		c.State = state(c.Checks)
		t.Counts[c.State]++
		t.Controls = append(t.Controls, c)
	}
	for _, c := range f.Controls {
		add(c.ID, slices.Concat(c.Checks, own[c.ID]))
		delete(own, c.ID)
	}
	for _, number := range sortedKeys(own) { // controls of checks that the list does not have
		add(number, own[number])
	}
	for _, s := range ControlStates() {
		t.Counts[s] += 0
	}
	return t
}

// worse orders the statuses of findings of one check.
func worse(a, b finding.Status) bool {
	order := []finding.Status{finding.Fail, finding.Unknown, finding.Waived, finding.Manual, finding.Pass, finding.NotApplicable}
	return slices.Index(order, a) < slices.Index(order, b)
}

// state sums up the checks of a control.
func state(checks []ControlCheck) ControlState {
	n := map[finding.Status]int{}
	for _, c := range checks {
		n[c.Status]++
	}
	const notAsked = finding.Status("")
	switch {
	case n[notAsked] == len(checks):
		return NotCovered
	case n[finding.Fail] > 0 && n[finding.Pass] == 0:
		return NotMet
	case n[finding.Fail] > 0:
		return Partly
	case n[finding.Unknown] > 0:
		return ControlUnknown
	case n[finding.Waived] > 0:
		return ControlWaived
	case n[finding.Manual] > 0:
		return ControlManual
	case n[notAsked] > 0 && n[finding.Pass] > 0:
		return Partly
	case n[finding.Pass] > 0:
		return Met
	case n[notAsked] > 0:
		return NotCovered
	}
	return ControlNA
}
