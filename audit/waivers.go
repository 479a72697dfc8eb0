package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// Waiver is an entry of the register of exceptions: a waiver of the policy, and what became of it in this run.
type Waiver struct {
	Rule    string `json:"rule"`
	Targets string `json:"targets,omitempty"` // the guests it is meant for; "" is every guest
	finding.Waiver
	State policy.WaiverState `json:"state"`
	Use   WaiverUse          `json:"use"`
	// Findings is how many failing checks of this run it is meant for, whether it waives them or not.
	Findings int `json:"findings"`
}

// WaiverUse says whether a waiver was needed.
type WaiverUse string

// What becomes of a waiver in a run. Stale is said only where everything it covers was judged.
const (
	WaiverUsed    WaiverUse = "used"    // a check that it covers fails
	WaiverStale   WaiverUse = "stale"   // everything it covers passes, or no check has such an id
	WaiverUnused  WaiverUse = "unused"  // it is meant for no guest of this run, or what it covers does not apply to one
	WaiverUnknown WaiverUse = "unknown" // something it covers could not be judged
)

// The ids of the checks of waivers begin with these words, and end with the rule of the waiver.
const (
	staleCheck    = "waiver.stale/"
	expiringCheck = "waiver.expiring/"
)

// waive turns the failing checks of a target into waived ones where a waiver allows it, and says of each other waiver that
// is meant for them why it does not help.
func (r *Result) waive(t *Target) {
	var candidates []*policy.Waiver
	for i := range r.job.Policy.Waivers.List {
		if w := &r.job.Policy.Waivers.List[i]; w.ForImage(t.Image) {
			candidates = append(candidates, w)
		}
	}
	for i := range t.Checks {
		if t.Checks[i].Status == finding.Fail && len(candidates) > 0 {
			r.waiveCheck(t, &t.Checks[i], candidates)
		}
	}
}

func (r *Result) waiveCheck(t *Target, c *finding.Finding, candidates []*policy.Waiver) {
	var best *policy.Waiver
	var notes []string
	for _, w := range candidates {
		if !w.Covers(c.ID) {
			continue
		}
		meant, err := w.ForOS(t.KnownOS)
		state := r.waiverState(w)
		switch {
		case err != nil:
			notes = append(notes, fmt.Sprintf("whether the waiver at %s is meant for this guest is not known: %v", w, err))
		case !meant:
		case state == policy.WaiverExpired:
			notes = append(notes, fmt.Sprintf("the waiver at %s has expired: %s was its last day", w, w.Expires.Format(time.DateOnly)))
		case state == policy.WaiverUnapproved:
			notes = append(notes, fmt.Sprintf("the waiver at %s has no effect: nobody approved it (approved_by)", w))
		case best == nil || w.Expires.After(best.Expires):
			best = w
		}
	}
	if best == nil {
		c.Notes = slices.Concat(c.Notes, notes)
		return
	}
	c.Status, c.Waiver = finding.Waived, best.Finding(r.job.Now)
	if r.waiverState(best) == policy.WaiverExpiring {
		c.Notes = append(slices.Clone(c.Notes), "the waiver "+ends(best, r.job.Now))
	}
}

func (r *Result) waiverState(w *policy.Waiver) policy.WaiverState {
	return w.State(r.job.Now, r.job.Policy.Waivers.WarnDays)
}

func ends(w *policy.Waiver, now time.Time) string {
	last := w.Expires.Format(time.DateOnly)
	switch days := w.DaysLeft(now); days {
	case 0:
		return "ends today, " + last
	case 1:
		return "ends tomorrow, " + last
	default:
		return fmt.Sprintf("ends in %d days, on %s", days, last)
	}
}

// registerWaivers sums up the waivers over all targets, and makes the checks about them.
func (r *Result) registerWaivers() {
	for i := range r.job.Policy.Waivers.List {
		w := &r.job.Policy.Waivers.List[i]
		entry := Waiver{Rule: w.Rule, Targets: w.Targets, Waiver: *w.Finding(r.job.Now), State: r.waiverState(w)}
		entry.Use, entry.Findings = r.use(w)
		r.Waivers = append(r.Waivers, entry)
		switch {
		case entry.Use == WaiverStale:
			r.Checks = append(r.Checks, r.stale(w))
		case entry.Use == WaiverUsed && entry.State == policy.WaiverExpiring:
			r.Checks = append(r.Checks, r.expiring(w, entry.Findings))
		}
	}
	slices.SortStableFunc(r.Checks, func(a, b finding.Finding) int { return cmp.Compare(a.ID, b.ID) })
}

// use looks for what w covers in every target of the run: one that fails anywhere makes it used.
func (r *Result) use(w *policy.Waiver) (WaiverUse, int) {
	if !r.policyHas(w) {
		return WaiverStale, 0
	}
	failing, passing, undecided := 0, 0, false
	for i := range r.Targets {
		t := &r.Targets[i]
		if !w.ForImage(t.Image) {
			continue
		}
		meant, err := w.ForOS(t.KnownOS)
		if t.Error != "" || err != nil {
			undecided = true
			continue
		}
		if !meant {
			continue
		}
		for _, c := range t.Checks {
			if !w.Covers(c.ID) && !standsFor(c.ID, w.Rule) {
				continue
			}
			switch c.Status {
			case finding.Fail, finding.Waived:
				failing++
			case finding.Pass:
				passing++
			case finding.NotApplicable:
			default:
				undecided = true
			}
		}
	}
	switch {
	case failing > 0:
		return WaiverUsed, failing
	case undecided:
		return WaiverUnknown, 0
	case passing > 0:
		return WaiverStale, 0
	}
	return WaiverUnused, 0
}

// policyHas reports whether the policy has a check that w covers, or a judge beside it may make one.
func (r *Result) policyHas(w *policy.Waiver) bool {
	if ofJudge(w.Rule) {
		return true
	}
	return slices.ContainsFunc(r.job.Policy.Checks, func(c policy.Check) bool { return w.Covers(c.ID) })
}

// ofJudge reports whether a rule is for findings that other judges than the policy make, by what is in the guest.
func ofJudge(rule string) bool {
	return slices.ContainsFunc([]string{malwarePrefix, policy.VerifyCheck + ":", unownedID + ":", databaseID + ":"}, func(prefix string) bool {
		return strings.HasPrefix(rule, prefix)
	})
}

// standsFor reports whether a check sums up what another judge did not find: malware.yara stands for malware.yara/Rule where no rule
// matched, and packages.verify for packages.verify:/path.
func standsFor(id, rule string) bool {
	rest, found := strings.CutPrefix(rule, id)
	return found && ofJudge(rule) && rest != "" && strings.ContainsRune("/:", rune(rest[0]))
}

func (r *Result) stale(w *policy.Waiver) finding.Finding {
	f := waiverFinding(w, staleCheck)
	f.Title = "Every waiver is needed"
	f.Status, f.Severity = finding.Fail, finding.Low
	f.Expected, f.Actual = "a failing check", "everything it covers passes"
	if !r.policyHas(w) {
		f.Actual = "no check has such an id"
	}
	f.Message = "stale: " + f.Actual
	f.Fix = "remove the waiver"
	return f
}

// expiring is for a person to look at. It fails nothing: the waiver holds to its last day.
func (r *Result) expiring(w *policy.Waiver, findings int) finding.Finding {
	f := waiverFinding(w, expiringCheck)
	f.Title = "No waiver in use ends soon"
	f.Status, f.Severity = finding.Manual, finding.Info
	f.Expected = fmt.Sprintf("more than %d days left", r.job.Policy.Waivers.WarnDays)
	f.Actual = ends(w, r.job.Now)
	f.Message = fmt.Sprintf("%s; what it waives fails then (findings: %d)", f.Actual, findings)
	return f
}

// waiverFinding begins a finding about a waiver. Two waivers of one rule differ by their targets.
func waiverFinding(w *policy.Waiver, kind string) finding.Finding {
	id := kind + w.Rule
	return finding.Finding{
		ID: id, Where: []finding.Location{}, Policy: w.Position,
		Notes:       []string{w.String() + ": " + w.Reason},
		Fingerprint: finding.Fingerprint(id, w.Targets, ""),
	}
}
