package report

import (
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// waivers tells of the exceptions that are not simply in use: expired ones, such without approval, and the checks about
// waivers.
func (t textWriter) waivers(r *audit.Result) {
	if len(r.Waivers) == 0 {
		return
	}
	used := 0
	for _, w := range r.Waivers {
		if w.Use == audit.WaiverUsed && w.State.Effective() {
			used++
		}
	}
	t.printf("\n%s, %d in use\n", count(len(r.Waivers), "waiver"), used)
	for _, w := range r.Waivers {
		switch {
		case w.Use == audit.WaiverStale: // is a check
		case w.State == policy.WaiverExpired:
			t.printf(" %s  %s: %s\n", bad("expired   "), Escape(w.Rule), Escape(waiver(&w.Waiver)))
		case w.State == policy.WaiverUnapproved:
			t.printf(" %s  %s: %s\n", warn("unapproved"), Escape(w.Rule), Escape(waiver(&w.Waiver)))
		}
	}
	t.checks(r.Checks)
	if all := sections(r); len(r.Checks) > 0 && all[len(all)-1].Result == finding.Fail {
		t.printf("result %s (fail-on: %s)\n", resultWord(finding.Fail), r.Policy.FailOn)
	}
}

// runLabel stands in the place of an image for what is about the run as a whole.
const runLabel = "this run"

// sections are the targets, and after them the run itself where there are checks about it.
func sections(r *audit.Result) []audit.Target {
	if len(r.Checks) == 0 {
		return r.Targets
	}
	run := audit.Target{Image: runLabel, Result: finding.Pass, Coverage: 100, Checks: r.Checks}
	for _, c := range r.Checks {
		if c.Status == finding.Fail && r.Policy.FailOn.Reached(c.Severity) {
			run.Result = finding.Fail
		}
	}
	return append(slices.Clip(r.Targets), run)
}

// waiver says who accepted what, why and until when.
func waiver(w *finding.Waiver) string {
	words := "owner " + w.Owner
	if w.ApprovedBy != "" {
		words += ", approved by " + w.ApprovedBy
	}
	switch {
	case w.DaysLeft < 0:
		words += fmt.Sprintf(", until %s (%s ago)", w.Expires, count(-w.DaysLeft, "day"))
	case w.DaysLeft == 0:
		words += fmt.Sprintf(", until %s (the last day)", w.Expires)
	default:
		words += fmt.Sprintf(", until %s (%s left)", w.Expires, count(w.DaysLeft, "day"))
	}
	if w.Ticket != "" {
		words += ", " + w.Ticket
	}
	return fmt.Sprintf("%s: %s (%s:%d)", words, w.Reason, w.Policy.File, w.Policy.Line)
}

// score says how much of what was decided passes, where anything was.
func score(tg *audit.Target) string {
	with, without := tg.Score.WithWaivers, tg.Score.WithoutWaivers
	switch {
	case without == nil:
		return ""
	case with == nil:
		return fmt.Sprintf(" · score %s %% without waivers", decimal(*without))
	case *with == *without:
		return fmt.Sprintf(" · score %s %%", decimal(*with))
	}
	return fmt.Sprintf(" · score %s %% (%s %% without waivers)", decimal(*with), decimal(*without))
}
