package report

import (
	"io"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/scanner"
)

// gates are the reports of a gate, the one for people first.
func gates() []Format {
	with := func(r *audit.Result) *audit.Result { // what the judges say beside their counts
		said := r.Targets[0].Checks[0].Fix
		r.Targets[0].Drift = &audit.Drifted{From: said, Summary: said}
		r.Targets[0].Packages = &audit.Packages{Summary: said}
		r.Targets[0].Malware = &audit.Malware{Engines: []scanner.Description{{Name: "yara", Version: said}}}
		r.Targets[0].Checks = append(r.Targets[0].Checks,
			finding.Finding{ID: "drift", Status: finding.Pass}, finding.Finding{ID: "packages.verify", Status: finding.Pass},
			finding.Finding{ID: "malware.yara", Status: finding.Pass})
		return r
	}
	return []Format{
		{"gate", "", func(w io.Writer, r *audit.Result) error {
			return Gate(w, with(r), []string{r.Targets[0].Checks[0].Fix})
		}},
		{"gate-md", "", func(w io.Writer, r *audit.Result) error { return GateMarkdown(w, with(r), true) }},
		{"short gate-md", "", func(w io.Writer, r *audit.Result) error { return GateMarkdown(w, with(r), false) }},
	}
}

// TestWhoGaveAFinding counts findings for the judge that gave them.
func TestWhoGaveAFinding(t *testing.T) {
	for judge, ids := range map[string][]finding.Finding{
		"baseline": {{ID: "packages.required/nginx"}, {ID: "ssh-root-login", Policy: finding.Position{File: "rules/rego/ssh/root_login.rego"}}, {ID: "drifts"}, {ID: "malware-hosts"}},
		"rego":     {{ID: "main/deny", Policy: finding.Position{File: "policy/hosts.rego"}}},
		"hygiene":  {{ID: "hygiene-machine-id", Policy: finding.Position{File: "rules/rego/hygiene/machine_id.rego"}}},
		"packages": {{ID: "packages.verify"}, {ID: "packages.verify:/bin/ls"}, {ID: "packages.unowned:/x"}, {ID: "packages.unowned_executables"}, {ID: "packages.database:/x"}},
		"malware":  {{ID: "malware"}, {ID: "malware.yara"}, {ID: "other", Match: &finding.Match{}}},
		"drift":    {{ID: "drift"}, {ID: "drift.sshd/port"}, {ID: "drift.files:/etc/x"}},
		"image":    {{ID: "image.digest"}},
	} {
		for _, f := range ids {
			f.Status = finding.Fail
			got := benches(&audit.Target{Checks: []finding.Finding{f}})
			if len(got) != 1 || got[0].name != judge || got[0].Failed != 1 {
				t.Errorf("%s: %+v, want one failure of %s", f.ID, got, judge)
			}
		}
	}
}

func TestAGateIsOpenOnlyWhenTheExitCodeIs0(t *testing.T) {
	check := func(s finding.Status, severity finding.Severity) []finding.Finding {
		return []finding.Finding{{ID: "a", Status: s, Severity: severity}}
	}
	for name, c := range map[string]struct {
		target audit.Target
		run    []finding.Finding
		want   string
	}{
		"pass":                  {audit.Target{Result: finding.Pass, Coverage: 100, Checks: check(finding.Pass, finding.High)}, nil, "0 findings at or above high: gate OPEN"},
		"fail":                  {audit.Target{Result: finding.Fail, Coverage: 100, Checks: check(finding.Fail, finding.High)}, nil, "1 finding at or above high: gate CLOSED"},
		"fail below":            {audit.Target{Result: finding.Pass, Coverage: 100, Checks: check(finding.Fail, finding.Low)}, nil, "0 findings at or above high: gate OPEN"},
		"unknown":               {audit.Target{Result: finding.Unknown, Coverage: 100, Checks: check(finding.Unknown, finding.Low)}, nil, "0 findings at or above high, 1 unknown: gate CLOSED"},
		"not judged":            {audit.Target{Result: finding.Unknown, Error: "encrypted"}, nil, "0 findings at or above high, 1 not judged: gate CLOSED"},
		"nothing was asked":     {audit.Target{Result: finding.Unknown, Coverage: 100}, nil, "0 findings at or above high, 1 not judged: gate CLOSED"},
		"too little was read":   {audit.Target{Result: finding.Unknown, Coverage: 80, Checks: check(finding.Pass, finding.Low)}, nil, "less than 90 % of the facts were read: gate CLOSED"},
		"the run as a whole":    {audit.Target{Result: finding.Pass, Coverage: 100, Checks: check(finding.Pass, finding.Low)}, check(finding.Fail, finding.High), "1 finding at or above high: gate CLOSED"},
		"something not offline": {audit.Target{Result: finding.Pass, Coverage: 100, Checks: check(finding.Manual, finding.Low)}, nil, "0 findings at or above high: gate OPEN"},
	} {
		r := &audit.Result{Policy: audit.Policy{FailOn: "high", MinCoverage: 90}, Targets: []audit.Target{c.target}, Checks: c.run}
		switch c.target.Result {
		case finding.Pass:
			r.Summary.Passed = 1
		case finding.Fail:
			r.Summary.Failed = 1
		default:
			r.Summary.Unknown = 1
		}
		text := string(written(t, Format{Write: func(w io.Writer, r *audit.Result) error { return Gate(w, r, nil) }}, r))
		md := string(written(t, Format{Write: func(w io.Writer, r *audit.Result) error { return GateMarkdown(w, r, true) }}, r))
		if !strings.HasSuffix(text, c.want+"\n") {
			t.Errorf("%s: %s\nwant %s", name, text, c.want)
		}
		if closed := strings.Contains(md, "gate: CLOSED"); closed != strings.Contains(c.want, "CLOSED") {
			t.Errorf("%s: the summary says closed: %t", name, closed)
		}
	}
}
