package audit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/rules/frameworks"
)

// TestControlStates is the table of what the checks of a control come to: nothing but passes is met, and what nobody asked
// or read is not hidden.
func TestControlStates(t *testing.T) {
	for statuses, want := range map[string]ControlState{
		"":                            NotCovered,
		"-":                           NotCovered,
		"pass":                        Met,
		"pass pass":                   Met,
		"pass notapplicable":          Met,
		"notapplicable":               ControlNA,
		"notapplicable -":             NotCovered,
		"fail":                        NotMet,
		"fail unknown":                NotMet,
		"fail notapplicable waived -": NotMet,
		"fail pass":                   Partly,
		"fail pass unknown":           Partly,
		"pass -":                      Partly,
		"unknown":                     ControlUnknown,
		"pass unknown":                ControlUnknown,
		"unknown waived":              ControlUnknown,
		"unknown -":                   ControlUnknown,
		"waived":                      ControlWaived,
		"pass waived":                 ControlWaived,
		"waived manual":               ControlWaived,
		"manual":                      ControlManual,
		"pass manual":                 ControlManual,
	} {
		var checks []ControlCheck
		for s := range strings.FieldsSeq(statuses) {
			checks = append(checks, ControlCheck{Status: finding.Status(strings.TrimPrefix(s, "-"))})
		}
		if got := state(checks); got != want {
			t.Errorf("%q is %s, want %s", statuses, got, want)
		}
	}
}

func TestTableListsEveryControl(t *testing.T) {
	f := &frameworks.Framework{
		Key: "cis", Name: "N", Version: "1", Note: "n", Complete: true,
		Controls: []frameworks.Control{{ID: "1.1", Checks: append(make([]string, 0, 8), "b", "a")}, {ID: "1.2"}, {ID: "1.10", Checks: []string{"c"}}},
	}
	got := table(f, []finding.Finding{
		{ID: "a", Status: finding.Pass},
		{ID: "b", Status: finding.Pass},
		{ID: "b", Status: finding.Fail}, // another finding of the same check
		{ID: "own", Status: finding.Pass, Controls: map[string][]string{"cis": {"1.2", "1. 1", "9.9"}, "other": {"1.10"}}},
	})
	want := Framework{
		Key: "cis", Name: "N", Version: "1", Note: "n", Complete: true,
		Counts: map[ControlState]int{Met: 2, Partly: 1, NotCovered: 1, NotMet: 0, ControlUnknown: 0, ControlWaived: 0, ControlManual: 0, ControlNA: 0},
		Controls: []Control{
			{"1.1", Partly, []ControlCheck{{"a", finding.Pass}, {"b", finding.Fail}, {"own", finding.Pass}}},
			{"1.2", Met, []ControlCheck{{"own", finding.Pass}}},
			{"1.10", NotCovered, []ControlCheck{{"c", ""}}},
			{"9.9", Met, []ControlCheck{{"own", finding.Pass}}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"b", "a"}, f.Controls[0].Checks); diff != "" {
		t.Error("the list itself was changed", diff)
	}
}
