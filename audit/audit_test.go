package audit_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

const (
	debian = "../testdata/images/debian12-small.qcow2"
	rocky  = "../testdata/images/rocky9-small.qcow2"
)

func load(t *testing.T, toml string) *policy.Policy {
	t.Helper()
	path := filepath.Join(t.TempDir(), "b.toml")
	if err := os.WriteFile(path, []byte(toml), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load([]string{path}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	passing = "[system]\ntimezone = \"UTC\"\n"
	failing = "[system]\ntimezone = { equals = \"Asia/Tokyo\", severity = \"low\" }\n"
	unread  = "[packages.required]\npackages = [\"bash\"]\n" // unknown on Rocky, whose packages are not read
)

// TestVerdicts holds what a run comes to against the table of exit codes: findings beat what is unknown, and that beats a
// pass.
func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		baseline string
		images   []string
		failOn   audit.FailOn
		coverage float64
		want     audit.Verdict
		result   finding.Status // of the first target
	}{
		"pass":                        {passing, []string{debian}, audit.Any, 0, audit.Clean, finding.Pass},
		"fail":                        {failing, []string{debian}, audit.Any, 0, audit.Findings, finding.Fail},
		"fail below the limit":        {failing, []string{debian}, "medium", 0, audit.Clean, finding.Pass},
		"fail at the limit":           {failing, []string{debian}, "low", 0, audit.Findings, finding.Fail},
		"nothing fails":               {failing, []string{debian}, audit.None, 0, audit.Clean, finding.Pass},
		"unknown":                     {unread, []string{rocky}, audit.Any, 0, audit.NotJudged, finding.Unknown},
		"unknown when nothing fails":  {unread, []string{rocky}, audit.None, 0, audit.NotJudged, finding.Unknown},
		"fail and unknown":            {failing + unread, []string{rocky}, audit.Any, 0, audit.Findings, finding.Fail},
		"fail below, and unknown":     {failing + unread, []string{rocky}, "high", 0, audit.NotJudged, finding.Unknown},
		"coverage reached":            {passing, []string{debian}, audit.Any, 100, audit.Clean, finding.Pass},
		"no image":                    {passing, nil, audit.Any, 0, audit.NotJudged, ""},
		"unreadable":                  {passing, []string{"missing"}, audit.Any, 0, audit.NotJudged, finding.Unknown},
		"unreadable and pass":         {passing, []string{"missing", debian}, audit.Any, 0, audit.NotJudged, finding.Unknown},
		"fail and unreadable":         {failing, []string{debian, "missing"}, audit.Any, 0, audit.Findings, finding.Fail},
		"fail, unreadable, tolerated": {failing, []string{debian, "missing"}, audit.None, 0, audit.NotJudged, finding.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := audit.Run(t.Context(), audit.Job{
				Images: c.images, Policy: load(t, c.baseline), FailOn: c.failOn, MinCoverage: c.coverage, Jobs: 2,
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Verdict(); got != c.want {
				t.Errorf("verdict %d, want %d", got, c.want)
			}
			if c.result != "" && r.Targets[0].Result != c.result {
				t.Errorf("result %s, want %s", r.Targets[0].Result, c.result)
			}
			for i, target := range r.Targets {
				if target.Image != c.images[i] {
					t.Errorf("target %d is %s, want %s", i, target.Image, c.images[i])
				}
			}
		})
	}
}

// TestCoverageBelowTheLimitIsUnknown turns a pass into unknown.
func TestCoverageBelowTheLimitIsUnknown(t *testing.T) {
	p := load(t, passing+unread)
	r, err := audit.Run(t.Context(), audit.Job{Images: []string{rocky}, Policy: p, FailOn: audit.Any})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Targets[0].Coverage; got != 50 {
		t.Errorf("coverage %v, want 50", got)
	}
	// The unknown check alone makes this run NotJudged; take it away and the coverage must do it.
	p.Checks = p.Checks[:1]
	p.Checks[0].Eval = func(*facts.Document) policy.Outcome { return policy.Outcome{Status: finding.Pass} }
	p.Checks[0].Needs = facts.Request{}
	r, err = audit.Run(t.Context(), audit.Job{Images: []string{rocky}, Policy: p, FailOn: audit.Any, MinCoverage: 101})
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict() != audit.NotJudged {
		t.Errorf("verdict %d with coverage %v of 101, want NotJudged", r.Verdict(), r.Targets[0].Coverage)
	}
}

func TestDamageOfTheImageIsReported(t *testing.T) {
	r, err := audit.Run(t.Context(), audit.Job{
		Images: []string{"../testdata/images/gpt-damaged-primary.qcow2"}, Policy: load(t, passing), FailOn: audit.Any,
	})
	if err != nil {
		t.Fatal(err)
	}
	problems := r.Targets[0].Problems
	if len(problems) == 0 || problems[0].Where != "disk" || !strings.Contains(problems[0].Message, "backup") {
		t.Errorf("problems %v, want the damaged header", problems)
	}
}

// TestAPanicIsOneErrorWithTheImagesName stands for a defect of ours that an image brings to light.
func TestAPanicIsOneErrorWithTheImagesName(t *testing.T) {
	p := load(t, passing)
	p.Checks[0].Eval = func(*facts.Document) policy.Outcome { panic("boom") }
	_, err := audit.Run(t.Context(), audit.Job{Images: []string{debian}, Policy: p, FailOn: audit.Any})
	if !errors.Is(err, audit.ErrInternal) || !strings.Contains(err.Error(), debian) || !strings.Contains(err.Error(), "boom") {
		t.Errorf("got %v, want an internal error about %s", err, debian)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := 0
	_, err := audit.Run(ctx, audit.Job{
		Images: []string{debian, debian, debian}, Policy: load(t, passing), FailOn: audit.Any,
		Done: func(string) { done++; cancel() },
	})
	if !errors.Is(err, context.Canceled) || done == 3 {
		t.Errorf("got %v after %d images, want the context's error before the end", err, done)
	}
}

func TestFailOnNames(t *testing.T) {
	for _, name := range audit.FailOns() {
		if f, err := audit.ParseFailOn(name); err != nil || string(f) != name {
			t.Errorf("%s: got %q, %v", name, f, err)
		}
	}
	if _, err := audit.ParseFailOn("severe"); err == nil {
		t.Error("severe is a severity")
	}
}

// TestFrameworksAreThoseOfTheJobAndThePolicy names each once and skips what nobody knows, which is a warning.
func TestFrameworksAreThoseOfTheJobAndThePolicy(t *testing.T) {
	p := load(t, "[baseline]\nframeworks = [\"CIS-Debian12-1.1.0\", \"ACME\", \"anssi_bp28\"]\n"+passing)
	r, err := audit.Run(t.Context(), audit.Job{
		Images: []string{debian, "missing"}, Policy: p, FailOn: audit.Any, Frameworks: []string{"pci_dss_4", "cis_debian12"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, f := range r.Targets[0].Frameworks {
		keys = append(keys, f.Key)
		if f.Counts[audit.NotCovered] != len(f.Controls) {
			t.Errorf("%s: %v, want all of %d not covered", f.Key, f.Counts, len(f.Controls))
		}
	}
	if got := strings.Join(keys, " "); got != "pci_dss_4 cis_debian12 anssi_bp28" {
		t.Errorf("frameworks %s", got)
	}
	if len(r.Policy.Warnings) != 1 || len(r.Targets[1].Frameworks) != 0 {
		t.Errorf("warnings %v, frameworks of an image that was not judged %v", r.Policy.Warnings, r.Targets[1].Frameworks)
	}
	if _, err := audit.Run(t.Context(), audit.Job{Policy: p, Frameworks: []string{"cis"}}); err == nil {
		t.Error("cis is a framework")
	}
}

// TestRulesAreAllChecks lists what a policy asks, with where it stands, of a run that judged nothing too.
func TestRulesAreAllChecks(t *testing.T) {
	p := load(t, passing+unread)
	r, err := audit.Run(t.Context(), audit.Job{Images: []string{"missing"}, Policy: p, FailOn: audit.Any})
	if err != nil {
		t.Fatal(err)
	}
	rules := r.Policy.Rules
	if len(rules) != 2 || rules[0].ID != "packages.required/bash" || rules[1].ID != "system.timezone" ||
		rules[1].Title == "" || rules[1].Severity != finding.Medium || rules[1].Position.Line != 2 {
		t.Errorf("rules %+v", rules)
	}
}
