package report

import (
	"testing"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

func sampleWaiver(hostile string, daysLeft int) *finding.Waiver {
	return &finding.Waiver{
		Reason: hostile, Owner: hostile, ApprovedBy: "ciso " + hostile, Ticket: hostile, Expires: "2026-12-31", DaysLeft: daysLeft,
		Policy: finding.Position{File: "waivers.toml", Line: 3},
	}
}

func sampleWaivers(hostile string) []audit.Waiver {
	return []audit.Waiver{
		{Rule: "system.c", Waiver: *sampleWaiver(hostile, 38), State: policy.WaiverValid, Use: audit.WaiverUsed, Findings: 1},
		{Rule: "system.x" + hostile, Targets: hostile, Waiver: *sampleWaiver(hostile, -1), State: policy.WaiverExpired, Use: audit.WaiverUsed, Findings: 2},
		{Rule: "system.y", Waiver: *sampleWaiver(hostile, 0), State: policy.WaiverUnapproved, Use: audit.WaiverUnused},
		{Rule: "system.z", Waiver: *sampleWaiver(hostile, 1), State: policy.WaiverExpiring, Use: audit.WaiverStale},
	}
}

func sampleRunChecks(hostile string) []finding.Finding {
	return []finding.Finding{{
		ID: "waiver.stale/system.z" + hostile, Title: "Every waiver is needed", Status: finding.Fail, Severity: finding.Low,
		Expected: "a failing check", Actual: "everything it covers passes", Message: "stale: everything it covers passes",
		Where: []finding.Location{}, Notes: []string{hostile}, Fix: "remove the waiver",
		Policy: finding.Position{File: "waivers.toml", Line: 9}, Fingerprint: "8899aabbccddeeff",
	}}
}

func sampleScore() audit.Score {
	with, without := 66.6, 50.0
	return audit.Score{WithWaivers: &with, WithoutWaivers: &without}
}

func TestScoreInWords(t *testing.T) {
	some, all := 12.5, 100.0
	for _, c := range []struct {
		with, without *float64
		want          string
	}{
		{nil, nil, ""},
		{nil, &some, " · score 12.5 % without waivers"},
		{&all, &all, " · score 100 %"},
		{&all, &some, " · score 100 % (12.5 % without waivers)"},
	} {
		if got := score(&audit.Target{Score: audit.Score{WithWaivers: c.with, WithoutWaivers: c.without}}); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
