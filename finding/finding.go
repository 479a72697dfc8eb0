// Package finding is the one result type: what a judge says about one check of one guest.
//
// Compliance, malware, packages, backup and drift all fill the same shape, so that waivers, exit codes and report formats
// are written once. The JSON names are the contract of "guestctl.result/1": fields may be added, never renamed.
package finding

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// Status is the outcome of a check.
type Status string

// The six states. What could not be read is Unknown, is counted, and is never Pass.
const (
	Pass          Status = "pass"
	Fail          Status = "fail"
	Unknown       Status = "unknown"
	NotApplicable Status = "notapplicable"
	Waived        Status = "waived"
	Manual        Status = "manual"
)

// Severity is how much a failing check matters.
type Severity string

// The severities, mildest first.
const (
	Info     Severity = "info"
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// Severities lists the severities, mildest first.
func Severities() []Severity { return []Severity{Info, Low, Medium, High, Critical} }

// Rank orders severities: a higher rank matters more. An unknown severity has rank -1.
func (s Severity) Rank() int { return slices.Index(Severities(), s) }

// Location is where in the guest, or in a baseline file, evidence stands. Line counts from 1; 0 means the whole file.
type Location struct {
	Path string `json:"path"`
	Line int    `json:"line,omitempty"`
	Text string `json:"text,omitempty"` // the line as found
	Note string `json:"note,omitempty"` // its part in the verdict, such as "wins"
}

// Position is where a check is written, in a file of the user.
type Position struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
}

// Outcome is what one check of a judge came to, before it becomes a Finding.
type Outcome struct {
	Status           Status
	Expected, Actual string
	Message          string
	Where            []Location
	Notes            []string
	Fix              string
}

// Finding is the verdict on one check.
type Finding struct {
	ID          string              `json:"id"`
	Title       string              `json:"title"`
	Status      Status              `json:"status"`
	Severity    Severity            `json:"severity"`
	Expected    string              `json:"expected,omitempty"`
	Actual      string              `json:"actual,omitempty"`
	Message     string              `json:"message"`
	Where       []Location          `json:"where"`
	Notes       []string            `json:"notes,omitempty"`
	Fix         string              `json:"fix,omitempty"`
	Policy      Position            `json:"policy"`
	Controls    map[string][]string `json:"controls,omitempty"`
	Fingerprint string              `json:"fingerprint"`
	// File and Match are of a scan: the file that the finding is about, and what an engine found in it.
	File   *File   `json:"file,omitempty"`
	Match  *Match  `json:"match,omitempty"`
	Waiver *Waiver `json:"waiver" jsonschema:"nullable"`
}

// Waiver is an accepted exception to a check.
type Waiver struct {
	Reason  string `json:"reason"`
	Owner   string `json:"owner"`
	Expires string `json:"expires"` // the last day it holds, YYYY-MM-DD in UTC
	// DaysLeft is how many days it holds after the day of the judgement: 0 on its last day.
	DaysLeft   int      `json:"days_left"`
	ApprovedBy string   `json:"approved_by,omitempty"`
	Ticket     string   `json:"ticket,omitempty"`
	Policy     Position `json:"policy"` // where it is written
}

// Fingerprint identifies a finding across runs: the same check, key and path give the same fingerprint.
func Fingerprint(id, key, path string) string {
	h := sha256.New()
	for _, s := range []string{id, key, path} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// Sort orders findings by id, then by the place they are about, so that the same input gives the same report.
func Sort(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(place(a), place(b)), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
}

// place is the first path of a finding that is one of several of its check.
func place(f Finding) string {
	if f.File == nil || len(f.Where) == 0 {
		return ""
	}
	return f.Where[0].Path
}
