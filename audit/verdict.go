package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/finding"
)

// FailOn is the mildest severity of a failing check that makes a target fail.
type FailOn string

// Any and None are the ends of the scale: every failing check counts, or none does.
const (
	Any  FailOn = "any"
	None FailOn = "none"
)

// FailOns lists the values FailOn can have.
func FailOns() []string {
	names := []string{string(None)}
	for _, s := range slices.Backward(finding.Severities()) {
		names = append(names, string(s))
	}
	return append(names, string(Any))
}

// ParseFailOn returns the limit called s.
func ParseFailOn(s string) (FailOn, error) {
	if !slices.Contains(FailOns(), s) {
		return "", fmt.Errorf("%q is no severity, want one of %s", s, strings.Join(FailOns(), ", "))
	}
	return FailOn(s), nil
}

// Reached reports whether a failing check of the given severity counts.
func (f FailOn) Reached(s finding.Severity) bool {
	switch f {
	case None:
		return false
	case Any, "":
		return true
	}
	return s.Rank() >= finding.Severity(f).Rank()
}

// Verdict is what a whole run comes to.
type Verdict int

// The verdicts, in the order in which one beats the other: findings beat what could not be judged.
const (
	Clean     Verdict = iota // everything was judged and nothing counts as failed
	NotJudged                // something is unknown
	Findings                 // something failed
)

// Verdict sums up the targets, and the checks of the run as a whole.
func (r *Result) Verdict() Verdict {
	switch {
	case r.Summary.Failed > 0 || r.fails(r.Checks):
		return Findings
	case r.Summary.Unknown > 0 || len(r.Targets) == 0:
		return NotJudged
	}
	return Clean
}
