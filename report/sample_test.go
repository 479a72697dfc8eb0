package report

import (
	"bytes"
	"testing"

	"github.com/charmbracelet/colorprofile"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// hostile is a string that breaks what does not escape: a line end and a forged line, a terminal escape, markup, a byte
// that is not UTF-8, and a character that turns the direction of text.
const hostile = "a\n PASS  forged\x1b[31m<b>&\xff\u202e\\"

// hostiles are strings that break one format or another, each named for what it does.
func hostiles() map[string]string {
	return map[string]string{
		"everything":           hostile,
		"formula":              "=cmd|' /C calc'!A0",
		"formula after spaces": "  @SUM(1)",
		"full-width formula":   "＝1+1",
		"cells":                `x","y` + "\r\n\"z\tq;",
		"end of CDATA":         "]]><failure/>",
		"XML entity":           "&lt;&#0;\x00\ufffe\uffff",
		"table and fence":      "a|b`c``d\n| e |\n```\n# f",
		"only backticks":       "```",
		"HTML":                 "</code></td><script>alert(1)</script><!--",
		"link":                 "[click](https://example.org) ![i](x) <https://example.org>",
		"mention":              "@everyone #1 https://example.org",
		"placeholder":          "{0} {{1}} %SRCROOT%",
		"invisible":            "a\u200b\u2066\ufeff\u00ad",
		"not UTF-8":            "\xc3\x28\xff\xfe\xed\xa0\x80",
		"annotation":           "::error file=x::forged\n##[error]forged\n##vso[task.complete]",
		"empty":                "",
		"blank":                " ",
	}
}

// sample is a result that has everything a report can show, with a hostile string wherever one can come from.
func sample() *audit.Result { return sampleWith(hostile) }

func sampleWith(hostile string) *audit.Result {
	checks := []finding.Finding{
		{
			ID: "files.checksums:/etc/x", Title: "content", Status: finding.Fail, Severity: finding.High,
			Expected: "a", Actual: hostile, Message: "want a, is " + hostile,
			Where: []finding.Location{{Path: "/etc/" + hostile, Line: 3, Text: hostile, Note: "wins"}, {Path: "/etc/y"}},
			Notes: []string{hostile}, Fix: hostile, Policy: finding.Position{File: "b.toml", Line: 3},
			Controls: map[string][]string{"cis_debian12": {"1.2"}}, Fingerprint: "0011223344556677",
		},
		{ID: "packages.required/nginx", Status: finding.Pass, Severity: finding.Medium, Fingerprint: "1100000000000001", Message: "nginx 1.2", Notes: []string{"provided"}},
		{
			ID: "ssh-root-login", Title: "SSH root login is disabled", Status: finding.Fail, Severity: finding.Critical,
			Message: "PermitRootLogin is yes", Fingerprint: "8899aabbccddeeff",
			Policy:   finding.Position{File: "builtin:ssh/root_login.rego", Line: 20},
			Controls: map[string][]string{"cis_debian12": {"5.1.20"}, "nist_800_53": {"AC-6(2)", "CM-6(a)"}},
		},
		{ID: "system.a", Status: finding.Unknown, Severity: finding.Low, Message: "not read", Fingerprint: "1100000000000002"},
		{ID: "system.b", Status: finding.NotApplicable, Severity: finding.Low, Message: "not for this system", Fingerprint: "1100000000000003"},
		{ID: "system.c", Status: finding.Waived, Severity: finding.Low, Message: "is x", Fingerprint: "1100000000000004", Waiver: sampleWaiver(hostile, 38)},
		{ID: "system.d", Status: finding.Manual, Severity: finding.Critical, Message: "look", Fingerprint: "1100000000000005"},
	}
	return &audit.Result{
		Schema: audit.Schema, Tool: audit.Tool{Name: "guestctl", Version: "v1"},
		Policy: audit.Policy{
			Files: []string{"b.toml"}, Checks: len(checks) + 1, FailOn: audit.Any,
			Disabled: []audit.Remark{{ID: "system.e", Reason: "not here"}},
			Warnings: []audit.Warning{{Message: "shortened", Position: finding.Position{File: "b.toml", Line: 9}}},
			Rules:    sampleRules(checks),
		},
		Targets: []audit.Target{
			{
				Image: "disk.qcow2", Result: finding.Fail, Coverage: 83.3,
				Counts: audit.Counts{Passed: 1, Failed: 2, Unknown: 1, NotApplicable: 1, Waived: 1, Manual: 1},
				Score:  sampleScore(),
				Disk:   &audit.Disk{Format: "qcow2", Size: 20 << 30, Used: 3328 << 20},
				Root:   &facts.RootMeta{Device: "p2", FSType: "ext4", UUID: "u"},
				OS:     &facts.OS{ID: "debian", PrettyName: hostile, Arch: "x86_64"},
				Checks: checks, Problems: []audit.Problem{{Where: "p2:/" + hostile, Message: hostile}},
				Frameworks: []audit.Framework{sampleFramework(hostile)},
			},
			{Image: hostile, Result: finding.Unknown, Error: "no operating system " + hostile, Hint: "look with inspect"},
		},
		Waivers: sampleWaivers(hostile), Checks: sampleRunChecks(hostile),
		Summary: audit.Summary{Failed: 1, Unknown: 1},
	}
}

// sampleRules are the rules of the checks, and one that no guest was asked.
func sampleRules(checks []finding.Finding) []audit.Rule {
	var rules []audit.Rule
	for _, c := range checks {
		rules = append(rules, audit.Rule{ID: c.ID, Title: c.Title, Severity: c.Severity, Controls: c.Controls, Position: c.Policy})
	}
	rules[2].Description = "PermitRootLogin is \"no\" everywhere.\nA second line, [not](a-link)."
	rules[2].References = []string{"https://man.openbsd.org/sshd_config#PermitRootLogin"}
	rules[2].Fix = "write PermitRootLogin no"
	return append(rules, audit.Rule{ID: "zz.unasked", Title: "Never asked", Severity: finding.Info, Position: finding.Position{File: "b.toml", Line: 12}})
}

func sampleFramework(hostile string) audit.Framework {
	f := audit.Framework{Key: "cis_debian12", Name: "CIS Debian Linux 12 Benchmark", Version: "1.1.0", Counts: map[audit.ControlState]int{}}
	for _, c := range []audit.Control{
		{ID: "1.1", State: audit.NotMet, Checks: []audit.ControlCheck{{ID: "ssh-root-login", Status: finding.Fail}}},
		{ID: "1.2", State: audit.Partly, Checks: []audit.ControlCheck{{ID: hostile, Status: finding.Fail}, {ID: "packages.required/nginx", Status: finding.Pass}}},
		{ID: "1.3", State: audit.ControlUnknown, Checks: []audit.ControlCheck{{ID: "system.a", Status: finding.Unknown}}},
		{ID: "1.4", State: audit.ControlWaived, Checks: []audit.ControlCheck{{ID: "system.c", Status: finding.Waived}}},
		{ID: "1.5", State: audit.ControlManual, Checks: []audit.ControlCheck{{ID: "system.d", Status: finding.Manual}}},
		{ID: "1.6", State: audit.Met, Checks: []audit.ControlCheck{{ID: "packages.required/nginx", Status: finding.Pass}}},
		{ID: "1.7", State: audit.ControlNA, Checks: []audit.ControlCheck{{ID: "system.b", Status: finding.NotApplicable}}},
		{ID: "1.8", State: audit.NotCovered, Checks: []audit.ControlCheck{{ID: "system.z"}}},
		{ID: hostile, State: audit.NotCovered},
	} {
		f.Controls = append(f.Controls, c)
		f.Counts[c.State]++
	}
	return f
}

// written is what a format writes, without colours.
func written(t *testing.T, f Format, r *audit.Result) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&colorprofile.Writer{Forward: &b, Profile: colorprofile.NoTTY}, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
