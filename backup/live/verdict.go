package live

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/finding"
)

// ID is the id of the finding on a real boot.
const ID = "backup.live"

// judge says what the attempt came to.
func (a *attempt) judge() {
	var writes map[string]bool
	s := state{stage: Firmware}
	if a.tracker != nil {
		s = a.tracker.state()
		a.Steps, writes = a.tracker.history()
		a.Stage = s.stage
	}
	if s.stuck {
		a.Line = s.line
	}
	switch a.cause {
	case answered:
		a.came(s, writes)
	case still:
		if a.asked && a.Reading.up() { // it has nothing that listens to the power button
			a.came(s, writes)
			a.Message += "; it did not power off when it was asked"
			break
		}
		a.stopped(s)
	case restart:
		a.fails("the guest reset the machine")
	case alone:
		a.fails("the guest powered off without being asked")
	case slow, broken:
		a.Outcome = Inconclusive
	}
	if s.unread != nil {
		a.Message += "; the disk could not serve a request: " + s.unread.Error()
	}
}

// came judges a guest that came up: by what it wrote, and not by what it showed.
func (a *attempt) came(s state, writes map[string]bool) {
	r := a.Reading
	root := ""
	if r != nil {
		root = r.Guest
	}
	readOnly := root != "" && !writes[root] || a.Written == 0
	switch {
	case r != nil && r.Emergency:
		a.degraded(true, "it stands in emergency or rescue mode and wants a person")
	case readOnly && s.stage.order() >= Userspace.order():
		a.degraded(true, "nothing was written to the root file system: it is read-only")
	case r == nil || len(r.By) == 0:
		a.Outcome, a.Message = Inconclusive, "the guest came up and powered off when it was asked, but nothing that it wrote tells of its services"
	case !r.Up:
		a.Outcome, a.cause = Inconclusive, hasty
		a.Message = "the guest powered off when it was asked, before its start was over"
	case len(r.Failed) > 0:
		a.degraded(false, fmt.Sprintf("%s failed: %s", plural(len(r.Failed), "unit"), some(r.Failed)))
	default:
		a.Outcome, a.Message = Booted, "the guest came up, and no unit failed"
		if !slices.Contains(r.By, "journal") {
			a.Message = "the guest came up; it keeps no journal that tells of its units"
		}
	}
}

func (a *attempt) degraded(serious bool, message string) {
	a.Outcome, a.serious, a.Message = Degraded, serious, "the guest came up, and "+message
}

// stopped judges a guest that stands still.
func (a *attempt) stopped(s state) {
	switch {
	case s.person || a.Reading != nil && a.Reading.Emergency:
		a.degraded(true, "it stands in emergency or rescue mode and wants a person"+after(s.line))
	case s.stuck && s.alien && s.stage == Initrd:
		a.Outcome, a.cause, a.Message = Inconclusive, strange, "the guest has no driver for disks on "+a.Bus+after(s.line)
	case s.stuck:
		a.fails("it stopped" + after(s.line))
	case s.stage.order() >= Userspace.order() || s.blind && a.Written > 0:
		a.Outcome = Inconclusive
		a.Message = fmt.Sprintf("the guest came as far as %q and did not power off when it was asked", a.Stage)
	default:
		a.fails(fmt.Sprintf("nothing moved for %s%s", a.Stall, read(s.last)))
	}
}

func read(path string) string {
	if path == "" {
		return ""
	}
	return ", after it read " + path
}

func (a *attempt) fails(message string) {
	a.Outcome, a.Message = Failed, fmt.Sprintf("boot ended at %q: %s", a.Stage, message)
}

func (r *Reading) up() bool { return r != nil && r.Up }

// Finding is the run as the program reports it.
func (r *Trial) Finding() finding.Finding {
	f := finding.Finding{
		ID: ID, Title: "The guest comes up in a real boot", Status: finding.Unknown, Severity: finding.Critical,
		Expected: "a guest that comes up, without units that fail, and powers off when it is asked",
		Actual:   string(r.Outcome), Message: r.Message, Where: []finding.Location{}, Notes: r.Notes, Fix: r.Fix,
		Fingerprint: finding.Fingerprint(ID, "", ""),
	}
	switch r.Outcome {
	case Booted:
		f.Status = finding.Pass
	case Degraded:
		f.Status, f.Severity = finding.Fail, finding.Medium
		if r.serious {
			f.Severity = finding.High
		}
	case Failed:
		f.Status = finding.Fail
		f.Actual += " at " + string(r.Stage)
	case Inconclusive:
	}
	return f
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// some names the first of many.
func some(names []string) string {
	const most = 5
	if n := len(names) - most; n > 0 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(names, ", ")
}
