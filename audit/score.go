package audit

import "github.com/guestctl/guestctl/finding"

// Score is how much of what was decided passes, each check by its weight, in percent and rounded down: pass / (pass + fail).
// What is unknown is no part of it and stands beside it. nil means that nothing was decided.
type Score struct {
	// WithWaivers leaves waived checks out; WithoutWaivers counts them as what they are, failures.
	WithWaivers    *float64 `json:"with_waivers" jsonschema:"nullable"`
	WithoutWaivers *float64 `json:"without_waivers" jsonschema:"nullable"`
}

// weight is what a check of this severity counts in a score: each severity as much as two of the one below.
func weight(s finding.Severity) int {
	if s.Rank() < 0 {
		return 1
	}
	return 1 << s.Rank()
}

func scoreOf(checks []finding.Finding) Score {
	var pass, fail, waived int
	for _, c := range checks {
		switch c.Status {
		case finding.Pass:
			pass += weight(c.Severity)
		case finding.Fail:
			fail += weight(c.Severity)
		case finding.Waived:
			waived += weight(c.Severity)
		}
	}
	return Score{share(pass, pass+fail), share(pass, pass+fail+waived)}
}

func share(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	p := percent(part, whole)
	return &p
}
