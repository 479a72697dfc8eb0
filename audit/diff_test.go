package audit

import (
	"testing"

	"github.com/guestctl/guestctl/finding"
)

func TestWhereVerdictsTurnTo(t *testing.T) {
	verdict := func(s finding.Status, severity finding.Severity) *Judgement {
		return &Judgement{Status: s, Severity: severity}
	}
	for name, c := range map[string]struct {
		old, new *Judgement
		want     Turn
	}{
		"pass to fail":                       {verdict(finding.Pass, finding.Low), verdict(finding.Fail, finding.Low), TurnsFail},
		"unknown to fail":                    {verdict(finding.Unknown, finding.Low), verdict(finding.Fail, finding.Low), TurnsFail},
		"waived to fail":                     {verdict(finding.Waived, finding.Low), verdict(finding.Fail, finding.Low), TurnsFail},
		"a new check that fails":             {nil, verdict(finding.Fail, finding.Low), TurnsFail},
		"fails with more weight":             {verdict(finding.Fail, finding.Low), verdict(finding.Fail, finding.High), TurnsFail},
		"pass to unknown":                    {verdict(finding.Pass, finding.Low), verdict(finding.Unknown, finding.Low), TurnsUnknown},
		"fail to unknown":                    {verdict(finding.Fail, finding.Low), verdict(finding.Unknown, finding.Low), TurnsUnknown},
		"a new check of which nobody knows":  {nil, verdict(finding.Unknown, finding.Low), TurnsUnknown},
		"fail to pass":                       {verdict(finding.Fail, finding.Low), verdict(finding.Pass, finding.Low), TurnsBetter},
		"fail to waived":                     {verdict(finding.Fail, finding.Low), verdict(finding.Waived, finding.Low), TurnsBetter},
		"unknown to pass":                    {verdict(finding.Unknown, finding.Low), verdict(finding.Pass, finding.Low), TurnsBetter},
		"fails with less weight":             {verdict(finding.Fail, finding.High), verdict(finding.Fail, finding.Low), TurnsBetter},
		"a new check that passes":            {nil, verdict(finding.Pass, finding.Low), TurnsNowhere},
		"a failing check that nobody asks":   {verdict(finding.Fail, finding.Low), nil, TurnsNowhere},
		"pass to not applicable":             {verdict(finding.Pass, finding.Low), verdict(finding.NotApplicable, finding.Low), TurnsNowhere},
		"unknown that stays, by the old one": {verdict(finding.Unknown, finding.Low), verdict(finding.Unknown, finding.High), TurnsNowhere},
	} {
		if got := turn(c.old, c.new); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestVerdictOfADiff(t *testing.T) {
	for name, c := range map[string]struct {
		diff Diff
		want Verdict
	}{
		"the same policy":            {Diff{}, Clean},
		"another policy, no guest":   {Diff{Checks: []DiffCheck{{}}}, Findings},
		"no verdict turns":           {Diff{Checks: []DiffCheck{{}}, Targets: []DiffTarget{{}}, Summary: DiffSummary{Guests: 1}}, Clean},
		"to the better":              {Diff{Targets: []DiffTarget{{}}, Summary: DiffSummary{Better: 1}}, Clean},
		"to fail, and to unknown":    {Diff{Targets: []DiffTarget{{}}, Summary: DiffSummary{Fail: 1, Unknown: 1}}, Findings},
		"to unknown":                 {Diff{Targets: []DiffTarget{{}}, Summary: DiffSummary{Unknown: 1}}, NotJudged},
		"an image that is not there": {Diff{Targets: []DiffTarget{{}}, Summary: DiffSummary{NotJudged: 1}}, NotJudged},
	} {
		if got := c.diff.Verdict(); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
