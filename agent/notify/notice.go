package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/report"
)

// Schema names the document that a Notice is.
const Schema = "guestctl.notice/1"

const (
	maxListed   = 20  // of machines and findings that a notice lists
	maxText     = 300 // bytes of a string in it
	maxHeadline = 200
)

// Event is why something is told.
type Event string

// The events. One notice may have several of them.
const (
	Change   Event = "change"   // the result of a job is another, or it has new findings, or such as are gone
	Fail     Event = "fail"     // it fails and did not before, or has new findings
	Missed   Event = "missed"   // it did not run when it was due, or came to nothing
	Recovery Event = "recovery" // it passes again
	Unknown  Event = "unknown"  // it could not be judged, and could before
	Test     Event = "test"     // somebody wants to see whether notices arrive
)

// Events lists what a job can be notified on.
func Events() []Event { return []Event{Change, Fail, Missed, Recovery, Unknown} }

// Words are events with a comma between them.
func Words(events []Event) string {
	words := make([]string, 0, len(events))
	for _, e := range events {
		words = append(words, string(e))
	}
	return strings.Join(words, ",")
}

// Notice is what is told of a run.
type Notice struct {
	Schema string `json:"schema"`
	// ID is the same however often the notice arrives, and that of no other notice.
	ID      string         `json:"id"`
	Events  []Event        `json:"events"`
	Job     string         `json:"job"`
	Command string         `json:"command"`
	Run     int64          `json:"run"` // its number; 0 for a test
	Cause   string         `json:"cause,omitempty"`
	Due     time.Time      `json:"due,omitzero"`
	Ended   time.Time      `json:"ended,omitzero"`
	Result  finding.Status `json:"result"` // pass, fail, unknown, error; missed where it did not run
	Before  finding.Status `json:"before,omitempty"`
	Message string         `json:"message"`
	Passed  int            `json:"passed"`
	Failed  int            `json:"failed"`
	Unknown int            `json:"unknown"`
	Waived  int            `json:"waived"`

	Machines     []Machine `json:"machines"`
	MoreMachines int       `json:"more_machines"` // that are not listed
	New          []Finding `json:"new"`
	MoreNew      int       `json:"more_new"`
	Gone         []Finding `json:"gone"`
	MoreGone     int       `json:"more_gone"`
	Still        int       `json:"still"`  // findings that the run before had, too
	Unseen       int       `json:"unseen"` // findings of the run before on machines that were not judged this time
	Look         string    `json:"look"`   // the command that tells everything
}

// MissedResult is the result of a run that was not made when it was due.
const MissedResult finding.Status = "missed"

// Machine is what became of a machine.
type Machine struct {
	Machine string         `json:"machine"`
	Image   string         `json:"image"`
	Result  finding.Status `json:"result"`
}

// Finding is one that is new or gone.
type Finding struct {
	Machine     string           `json:"machine"`
	ID          string           `json:"id"`
	Fingerprint string           `json:"fingerprint"`
	Status      finding.Status   `json:"status"`
	Severity    finding.Severity `json:"severity"`
	Title       string           `json:"title"`
	Message     string           `json:"message"`
}

// Key makes the ID of a notice of what it is about.
func Key(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// Tidy makes every string printable and short, and every list bounded: nothing of a guest breaks a line, or is endless.
func (n *Notice) Tidy() {
	n.Schema = Schema
	n.Events = append([]Event{}, n.Events...)
	n.Message = tidy(n.Message)
	n.Machines, n.MoreMachines = first(n.Machines, n.MoreMachines)
	for i := range n.Machines {
		m := &n.Machines[i]
		m.Machine, m.Image, m.Result = tidy(m.Machine), tidy(m.Image), finding.Status(tidy(string(m.Result)))
	}
	n.New, n.MoreNew = first(n.New, n.MoreNew)
	n.Gone, n.MoreGone = first(n.Gone, n.MoreGone)
	for _, list := range [][]Finding{n.New, n.Gone} {
		for i := range list {
			f := &list[i]
			f.Machine, f.ID, f.Fingerprint, f.Title, f.Message = tidy(f.Machine), tidy(f.ID), tidy(f.Fingerprint), tidy(f.Title), tidy(f.Message)
			f.Status, f.Severity = finding.Status(tidy(string(f.Status))), finding.Severity(tidy(string(f.Severity)))
		}
	}
}

// first returns the beginning of a list that is too long, and how many are left out.
func first[T any](all []T, more int) (listed []T, left int) {
	n := min(len(all), maxListed)
	return append([]T{}, all[:n]...), more + len(all) - n
}

func tidy(s string) string { return cut(printable(s), maxText) }

func printable(s string) string { return report.EscapeText(s) }

// cut shortens a text to so many bytes, at the end of a character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// Headline is the notice in one line.
func (n *Notice) Headline() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", n.Job)
	switch {
	case n.Result == MissedResult:
		fmt.Fprintf(&b, "run %d was missed: %s", n.Run, n.Message)
		return cut(b.String(), maxHeadline)
	case n.Run == 0:
		b.WriteString("this is a test, nothing happened")
		return b.String()
	}
	b.WriteString(strings.ToUpper(string(n.Result)))
	if bad := n.bad(); bad != "" {
		fmt.Fprintf(&b, " (%s)", bad)
	}
	if n.Before != "" && n.Before != n.Result {
		fmt.Fprintf(&b, ", was %s", strings.ToUpper(string(n.Before)))
	}
	if newer, gone := len(n.New)+n.MoreNew, len(n.Gone)+n.MoreGone; newer+gone > 0 {
		fmt.Fprintf(&b, "; %d new, %d gone", newer, gone)
	}
	return cut(b.String(), maxHeadline)
}

const maxNamed = 3 // machines in a headline

// bad names the machines that did not pass.
func (n *Notice) bad() string {
	var names []string
	for _, m := range n.Machines {
		if m.Result != finding.Pass {
			names = append(names, m.Machine)
		}
	}
	if len(names) > maxNamed {
		names = append(names[:maxNamed], "…")
	}
	return strings.Join(names, ", ")
}

// Lines are the notice as text, without the headline.
func (n *Notice) Lines() (lines []string) {
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if n.Run > 0 && n.Result != MissedResult {
		add("run %d, ended %s: %d passed, %d failed, %d unknown, %d waived", n.Run, n.Ended.UTC().Format("2006-01-02 15:04 UTC"),
			n.Passed, n.Failed, n.Unknown, n.Waived)
		if n.Message != "" && n.Result != finding.Pass && n.Result != finding.Fail {
			add("%s", n.Message)
		}
	}
	for _, m := range n.Machines {
		add("%-7s %s  %s", strings.ToUpper(string(m.Result)), m.Machine, m.Image)
	}
	list := func(what string, all []Finding, more int) {
		for _, f := range all {
			add("%-5s %s  %s %s (%s) %s", what, f.Machine, strings.ToUpper(string(f.Status)), f.ID, f.Severity, f.said())
		}
		if more > 0 {
			add("%-5s %d more", what, more)
		}
	}
	if n.MoreMachines > 0 {
		add("%d more machines", n.MoreMachines)
	}
	list("new", n.New, n.MoreNew)
	list("gone", n.Gone, n.MoreGone)
	if n.Still > 0 {
		add("still %d", n.Still)
	}
	if n.Unseen > 0 {
		add("%d findings before were on machines that were not judged this time", n.Unseen)
	}
	if n.Look != "" {
		add("%s", n.Look)
	}
	return lines
}

func (f *Finding) said() string {
	if f.Title == "" || f.Message == "" {
		return f.Title + f.Message
	}
	return f.Title + ": " + f.Message
}
