package policy

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// Waivers are the accepted exceptions of a policy, and what it asks of them.
type Waivers struct {
	List []Waiver
	// WarnDays is how many days before its end a waiver is told to end soon.
	WarnDays int
}

// defaultWarnDays is WarnDays where no file says.
const defaultWarnDays = 30

// Waiver is an exception to the checks that its rule names, for the guests it is meant for.
type Waiver struct {
	Rule       string // the id of a check, or a pattern of ids
	Reason     string
	Owner      string
	ApprovedBy string
	Ticket     string
	Expires    time.Time // the last day it holds, at midnight UTC
	Targets    string    // for people: the guests it is meant for; "" is every guest
	Position   finding.Position

	rule     pattern
	approved bool // or approval is not asked for
	images   []pattern
	os       []osTerm
	labels   []labelTerm
}

// WaiverState is what a waiver is worth on a day.
type WaiverState string

// The states. Only the first two waive anything.
const (
	WaiverValid      WaiverState = "valid"
	WaiverExpiring   WaiverState = "expiring"   // valid, and ends soon
	WaiverExpired    WaiverState = "expired"    // its last day is over
	WaiverUnapproved WaiverState = "unapproved" // nobody approved it yet
)

// Effective reports whether a waiver in this state waives.
func (s WaiverState) Effective() bool { return s == WaiverValid || s == WaiverExpiring }

// State says what w is worth at the given time. The day it expires is part of it, in UTC.
func (w *Waiver) State(now time.Time, warnDays int) WaiverState {
	left := w.DaysLeft(now)
	switch {
	case left < 0:
		return WaiverExpired
	case !w.approved:
		return WaiverUnapproved
	case left <= warnDays:
		return WaiverExpiring
	}
	return WaiverValid
}

// DaysLeft is the number of days after today, in UTC, that w holds: 0 on its last day, less when that is over.
func (w *Waiver) DaysLeft(now time.Time) int { return int(day(w.Expires) - day(now)) }

// day counts days from 1970-01-01 UTC.
func day(t time.Time) int64 {
	const seconds = 24 * 60 * 60
	s := t.Unix()
	if s%seconds < 0 {
		return s/seconds - 1
	}
	return s / seconds
}

// Covers reports whether w is an exception to the check with this id.
func (w *Waiver) Covers(id string) bool { return w.Rule == id || w.rule.match(id) }

// ForImage reports whether w is meant for an image with this name, and for the labels the policy was read with. A pattern without a slash is held
// against the name of the file, with its ending and without; one with a slash against the path as it was given.
func (w *Waiver) ForImage(name string) bool {
	if slices.ContainsFunc(w.labels, func(l labelTerm) bool { return !l.holds() }) {
		return false
	}
	if len(w.images) == 0 {
		return true
	}
	base := path.Base(name)
	stem := strings.TrimSuffix(base, path.Ext(base))
	for _, p := range w.images {
		if p.match(name) || p.match(base) || p.match(stem) {
			return true
		}
	}
	return false
}

// ForOS reports whether w is meant for a guest with this operating system; nil is one that does not say. The error says
// why that is not known.
func (w *Waiver) ForOS(os *facts.OS) (bool, error) {
	if len(w.os) == 0 {
		return true, nil
	}
	if os == nil || os.ID == "" {
		return false, errNoOS
	}
	return condition{os: w.os}.matchesOS(os)
}

// Finding is w as the finding that it waives shows it.
func (w *Waiver) Finding(now time.Time) *finding.Waiver {
	return &finding.Waiver{
		Reason: w.Reason, Owner: w.Owner, ApprovedBy: w.ApprovedBy, Ticket: w.Ticket,
		Expires: w.Expires.Format(time.DateOnly), DaysLeft: w.DaysLeft(now), Policy: w.Position,
	}
}
