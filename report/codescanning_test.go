package report

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
)

// codeScanning holds a report against what GitHub asks for beside the schema: "SARIF support for code scanning" and "SARIF
// results exceed limits" in its documentation.
func codeScanning(t *testing.T, log *sarif.Report) {
	t.Helper()
	if log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("version %s with %d runs, want 2.1.0 and one: several runs of one tool are refused", log.Version, len(log.Runs))
	}
	run := log.Runs[0]
	if run.Tool.Driver.Name == nil || *run.Tool.Driver.Name == "" {
		t.Error("the tool has no name")
	}
	rules := run.Tool.Driver.Rules
	if len(rules) > 25_000 || len(run.Results) > 25_000 || len(run.Tool.Extensions) > 100 {
		t.Errorf("%d rules, %d results, want at most 25,000", len(rules), len(run.Results))
	}
	ids := map[string]bool{}
	for _, r := range rules {
		codeScanningRule(t, r)
		if ids[*r.ID] {
			t.Errorf("rule %s is there twice", *r.ID)
		}
		ids[*r.ID] = true
	}
	fingerprints := map[string]bool{}
	for _, r := range run.Results {
		codeScanningResult(t, rules, r)
		key := *r.RuleID + " " + r.PartialFingerprints["primaryLocationLineHash"]
		if fingerprints[key] {
			t.Errorf("two results are %s: one would hide the other", key)
		}
		fingerprints[key] = true
	}
}

func codeScanningRule(t *testing.T, r *sarif.ReportingDescriptor) {
	t.Helper()
	if r.ID == nil || *r.ID == "" {
		t.Fatal("a rule has no id")
	}
	for name, m := range map[string]*sarif.MultiformatMessageString{"short": r.ShortDescription, "full": r.FullDescription} {
		if m == nil || m.Text == nil || *m.Text == "" || utf8.RuneCountInString(*m.Text) > 1024 {
			t.Errorf("%s: %s description of 1 to 1024 characters is missing", *r.ID, name)
		}
	}
	if r.Help == nil || r.Help.Text == nil || *r.Help.Text == "" || r.Help.Markdown == nil || *r.Help.Markdown == "" {
		t.Errorf("%s has no help", *r.ID)
	}
	if !slices.Contains([]string{"error", "warning", "note", "none"}, r.DefaultConfiguration.Level) {
		t.Errorf("%s: level %q", *r.ID, r.DefaultConfiguration.Level)
	}
	if n := len(r.Properties.Tags); n > 20 {
		t.Errorf("%s: %d tags, want at most 20", *r.ID, n)
	}
	severity, _ := r.Properties.Properties["security-severity"].(string)
	if v, err := strconv.ParseFloat(severity, 64); err != nil || v < 0 || v > 10 {
		t.Errorf("%s: security-severity %q, want a number from 0 to 10 as a string", *r.ID, severity)
	}
}

func codeScanningResult(t *testing.T, rules []*sarif.ReportingDescriptor, r *sarif.Result) {
	t.Helper()
	if r.RuleID == nil || r.RuleIndex < 0 || r.RuleIndex >= len(rules) || *rules[r.RuleIndex].ID != *r.RuleID {
		t.Fatalf("result %v of rule %d is of no rule", r.RuleID, r.RuleIndex)
	}
	if r.Message == nil || r.Message.Text == nil || *r.Message.Text == "" {
		t.Errorf("%s has no message", *r.RuleID)
	}
	if (r.Level == "none") != (r.Kind != "fail") {
		t.Errorf("%s: level %s of kind %s", *r.RuleID, r.Level, r.Kind)
	}
	if r.PartialFingerprints["primaryLocationLineHash"] == "" {
		t.Errorf("%s has no fingerprint", *r.RuleID)
	}
	if len(r.Locations) == 0 || len(r.Locations) > 1000 || len(r.CodeFlows) > 0 {
		t.Fatalf("%s has %d locations", *r.RuleID, len(r.Locations))
	}
	for _, l := range slices.Concat(r.Locations, r.RelatedLocations) {
		p := l.PhysicalLocation
		if p == nil || p.ArtifactLocation == nil || p.ArtifactLocation.URI == nil || p.Region == nil || p.Region.StartLine == nil {
			t.Fatalf("%s has a location without a line of a file", *r.RuleID)
		}
		uri := *p.ArtifactLocation.URI
		if uri == "" || *p.Region.StartLine < 1 || strings.ContainsAny(uri, "\\:") || strings.HasPrefix(uri, "/") || strings.Contains(uri, "..") {
			t.Errorf("%s stands at %q:%d, want a path of the repository", *r.RuleID, uri, *p.Region.StartLine)
		}
	}
}
