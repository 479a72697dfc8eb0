package agent

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/agent/notify"
	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
)

// checkNotify checks the channels of the job.
func (j *Job) checkNotify() error {
	for i, text := range j.Notify {
		if _, err := notify.Parse(text); err != nil {
			return err
		}
		if slices.Contains(j.Notify[:i], text) {
			return errors.New("it notifies one channel twice")
		}
	}
	for _, e := range j.NotifyOn {
		if !slices.Contains(notify.Events(), e) {
			return fmt.Errorf("it notifies on %q, want some of %s", e, notify.Words(notify.Events()))
		}
	}
	if len(j.NotifyOn) > 0 && len(j.Notify) == 0 {
		return errors.New("it says on what it notifies, and not whom")
	}
	if j.PingURL == "" {
		return nil
	}
	_, err := notify.ParsePing(j.PingURL)
	return err
}

// wants reports whether one of the events is told to somebody.
func (j *Job) wants(events []notify.Event) bool {
	return len(j.Notify) > 0 && slices.ContainsFunc(events, func(e notify.Event) bool {
		return len(j.NotifyOn) == 0 || slices.Contains(j.NotifyOn, e)
	})
}

// past is what is known of a job before a run.
type past struct {
	result  finding.Status // of the run before; "" for the first one
	missed  bool           // runs were left out since then
	targets []store.Target // of the last run that came to a verdict
}

// noticeOf is what is to be told of a run that has ended. Without events it is nothing.
func noticeOf(run store.Run, before past, limit audit.FailOn, targets []store.Target) notify.Notice {
	c := changes(reaching(before.targets, limit), reaching(targets, limit))
	n := notify.Notice{
		Job: run.Job, Run: run.Number, Cause: string(run.Cause), Due: run.Due, Ended: run.Ended, Result: run.Result, Before: before.result,
		Message: run.Message, Passed: run.Passed, Failed: run.Failed, Unknown: run.Unknown, Waived: run.Waived,
		New: findingsOf(c.New), Gone: findingsOf(c.Gone), Still: c.Still, Unseen: c.unseen,
	}
	if run.Result == store.Error { // nothing was looked at
		n.New, n.Gone, n.Still, n.Unseen = nil, nil, 0, 0
	}
	for _, t := range targets {
		n.Machines = append(n.Machines, notify.Machine{Machine: t.Machine, Image: t.Image, Result: t.Result})
	}
	slices.SortStableFunc(n.Machines, func(a, b notify.Machine) int { return cmp.Compare(worst(a.Result), worst(b.Result)) })
	n.Events = eventsOf(&n, before)
	return n
}

// worst orders results: those that ask for somebody come first.
func worst(s finding.Status) int {
	return slices.Index([]finding.Status{finding.Fail, finding.Unknown, finding.Pass}, s)
}

// eventsOf says why a run is worth a notice. A run that is as the one before has none.
func eventsOf(n *notify.Notice, before past) (events []notify.Event) {
	turned := n.Result != before.result
	switch n.Result {
	case finding.Pass:
		if turned && before.result != "" {
			return []notify.Event{notify.Change, notify.Recovery}
		}
		if before.missed && before.result != "" {
			return []notify.Event{notify.Recovery}
		}
		return nil
	case store.Error:
		if turned {
			return []notify.Event{notify.Change, notify.Missed}
		}
		return nil
	}
	if turned || len(n.New)+len(n.Gone) > 0 {
		events = append(events, notify.Change)
	}
	if turned || len(n.New) > 0 {
		events = append(events, map[bool]notify.Event{true: notify.Fail, false: notify.Unknown}[n.Result == finding.Fail])
	}
	return events
}

// limitOf is the severity from which on a finding counts, as the report of the run has it.
func limitOf(report []byte) audit.FailOn {
	var r struct {
		Policy struct {
			FailOn audit.FailOn `json:"fail_on"`
		} `json:"policy"`
	}
	if err := json.Unmarshal(report, &r); err != nil {
		return audit.Any // a report that says nothing of it, or a run without one
	}
	return r.Policy.FailOn
}

// reaching are the targets with those findings only that count.
func reaching(targets []store.Target, limit audit.FailOn) []store.Target {
	all := slices.Clone(targets)
	for i := range all {
		all[i].Findings = slices.DeleteFunc(slices.Clone(all[i].Findings), func(f store.Finding) bool { return !limit.Reached(f.Severity) })
	}
	return all
}

// changed are changes, and how many findings are neither there nor known to be gone.
type changed struct {
	store.Changes
	unseen int
}

// changes compares findings. What is not there any more is gone only where it was looked for.
func changes(before, after []store.Target) changed {
	c := changed{Changes: store.Compare(before, after)}
	judged, open := map[string]bool{}, map[string]bool{}
	for _, t := range after {
		unread := slices.ContainsFunc(t.Findings, func(f store.Finding) bool { return f.ID == imageID })
		judged[t.Machine] = judged[t.Machine] || !unread
		for _, f := range t.Findings {
			open[t.Machine+"\x00"+f.ID+"\x00"+f.Fingerprint] = true
		}
	}
	c.Gone = slices.DeleteFunc(c.Gone, func(f store.Change) bool {
		if open[f.Machine+"\x00"+f.ID+"\x00"+f.Fingerprint] { // with another status, as one that is new
			return true
		}
		if judged[f.Machine] || slices.Contains([]string{imageID, missingID, staleID}, f.ID) {
			return false
		}
		c.unseen++
		return true
	})
	return c
}

// findingsOf are changes as a notice has them, the worst first.
func findingsOf(all []store.Change) (found []notify.Finding) {
	for _, c := range all {
		found = append(found, notify.Finding{
			Machine: c.Machine, ID: c.ID, Fingerprint: c.Fingerprint, Status: c.Status, Severity: c.Severity, Title: c.Title, Message: c.Message,
		})
	}
	slices.SortStableFunc(found, func(a, b notify.Finding) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(a.Machine, b.Machine), cmp.Compare(a.ID, b.ID))
	})
	return found
}
