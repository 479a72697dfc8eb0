package policy_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

func ids(p *policy.Policy) []string {
	var all []string
	for _, c := range p.Checks {
		all = append(all, c.ID)
	}
	return all
}

func TestWholeVocabulary(t *testing.T) {
	p, err := policy.Load([]string{"testdata/vocabulary.toml"}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p.ID != "web-golden" || p.Title != "Web golden image" || p.Version != "2026.11" || p.MinCoverage != 95 || len(p.Frameworks) != 2 {
		t.Errorf("header %+v", p)
	}
	if p.AppliesTo != "rocky>=9 or debian==12 on x86_64" {
		t.Errorf("applies to %q", p.AppliesTo)
	}
	if len(p.Checks) != 96 {
		t.Errorf("%d checks:\n%s", len(p.Checks), strings.Join(ids(p), "\n"))
	}
	want := []policy.Disabled{{ID: "system.hostname", Reason: "set at first boot", Position: finding.Position{File: "testdata/vocabulary.toml", Line: 1}}}
	if diff := cmp.Diff(want, p.Disabled); diff != "" {
		t.Error(diff)
	}
	for _, c := range p.Checks {
		own := map[string]finding.Severity{
			"packages.required/openssl": finding.High, "files.must_exist:/etc/ops": finding.Info, "services.enabled/chronyd": finding.High,
		}[c.ID]
		if own == "" {
			own = finding.Low
		}
		if c.Severity != own {
			t.Errorf("%s: severity %s, want %s", c.ID, c.Severity, own)
		}
	}
	readable, needed := p.Coverage(guestFacts())
	// of the domains all were collected; of the files all but /etc/passwd, /etc/motd, /etc/ops, /etc/issue.net,
	// /root/.bash_history and /root/.ssh/authorized_keys; of the patterns none
	if needed-readable != 6+1 {
		t.Errorf("coverage %d of %d", readable, needed)
	}
}

func TestLongForm(t *testing.T) {
	text := `[packages.forbidden]
packages = [
  "rsh",
  { name = "telnet", severity = "low", reason = "clear text", refs = ["CIS 2.2.4"], fix = "rebuild the image", id = "org.telnet" },
]
`
	f := byID(t, load(t, text).Judge(t.Context(), guestFacts()), "org.telnet")
	f.Policy.File = ""
	want := finding.Finding{
		ID: "org.telnet", Title: "Package telnet is not installed", Status: finding.Fail, Severity: finding.Low,
		Expected: "absent", Actual: "provided by inetutils-telnet 2:2.4-2", Message: "provided by inetutils-telnet 2:2.4-2",
		Where: []finding.Location{{Path: "/var/lib/dpkg/status", Line: 40, Note: "provides telnet"}},
		Notes: []string{"reason: clear text"}, Fix: "rebuild the image", Policy: finding.Position{Line: 4},
		Controls: map[string][]string{"refs": {"CIS 2.2.4"}}, Fingerprint: finding.Fingerprint("org.telnet", "telnet", ""),
	}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Error(diff)
	}
}

func TestConditions(t *testing.T) {
	for when, want := range map[string]finding.Status{
		`os = ["debian"]`:                           fail,
		`os = ["rocky"]`:                            notApp,
		`os = ["rocky", "debian>=12"]`:              fail,
		`os = ["debian>12"]`:                        notApp,
		`os = ["debian==12"]`:                       fail,
		`os = ["debian = 12"]`:                      fail,
		`os = ["debian>=11, <12"]`:                  notApp,
		`arch = ["amd64"]`:                          fail,
		`arch = ["x86_64"]`:                         fail,
		`arch = ["arm64"]`:                          notApp,
		`os = ["debian"], arch = ["arm64"]`:         notApp,
		`os = ["rocky"], arch = ["x86_64", "i386"]`: notApp,
	} {
		long := load(t, system("selinux", `{ equals = "enforcing", when = { `+when+` } }`))
		header := load(t, "[baseline]\napplies_to = { "+when+" }\n"+system("selinux", `"enforcing"`))
		for _, p := range []*policy.Policy{long, header} {
			if f := p.Judge(t.Context(), guestFacts())[0]; f.Status != want {
				t.Errorf("%s: %s (%s), want %s", when, f.Status, f.Message, want)
			}
			for _, state := range []facts.State{facts.Absent, facts.Partial, facts.Error} {
				if f := p.Judge(t.Context(), without("os", state))[0]; f.Status != unknown {
					t.Errorf("%s with os %s: %s (%s)", when, state, f.Status, f.Message)
				}
			}
			if d := p.Request().Domains; !slices.Equal(d, []string{"os", "selinux"}) {
				t.Errorf("%s asks for %v", when, d)
			}
		}
	}
	doc := guestFacts()
	os, _ := facts.Get[facts.OS](doc, "os")
	os.Arch, os.VersionID = "", ""
	for when, want := range map[string]finding.Status{
		`arch = ["x86_64"]`:                           unknown,
		`os = ["debian>=12"]`:                         unknown,
		`os = ["debian>=12", "debian"]`:               fail,
		`os = ["rocky"], arch = ["x86_64"]`:           notApp,
		`os = ["rocky", "debian>1"], arch = ["s390"]`: unknown,
	} {
		p := load(t, system("selinux", `{ equals = "enforcing", when = { `+when+` } }`))
		if f := p.Judge(t.Context(), doc)[0]; f.Status != want {
			t.Errorf("%s of a guest that does not say: %s (%s)", when, f.Status, f.Message)
		}
	}
}

// TestConditionGoesBeforeMissingFacts: what is not meant for a guest does not ask for its facts.
func TestConditionGoesBeforeMissingFacts(t *testing.T) {
	p := load(t, system("apparmor", `{ equals = "enabled", when = { os = ["rocky"] } }`))
	if f := p.Judge(t.Context(), guestFacts())[0]; f.Status != notApp {
		t.Errorf("%s: %s", f.Status, f.Message)
	}
}

func TestLaterFilesOverride(t *testing.T) {
	base := write(t, "base.toml", `[baseline]
id = "base"
title = "Base"
min_coverage = 50
[vars]
zone = "Europe/Paris"
[system]
timezone = "${zone}"
selinux = "enforcing"
[packages.required]
packages = ["nginx", "libc6"]
`, "web.toml", `disable = [{ id = "packages.required/libc6", reason = "another C library" }]
[baseline]
id = "web"
extends = ["base.toml"]
[vars]
zone = "UTC"
[system]
selinux = { equals = "permissive", severity = "low" }
`, "more.toml", "[packages.required]\npackages = ['libc6']\n")
	dir := filepath.Dir(base)
	web, more := filepath.Join(dir, "web.toml"), filepath.Join(dir, "more.toml")

	p, err := policy.Load([]string{web}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range p.Judge(t.Context(), guestFacts()) {
		got = append(got, fmt.Sprintf("%s %s %s %s:%d", f.ID, f.Status, f.Severity, filepath.Base(f.Policy.File), f.Policy.Line))
	}
	want := []string{"packages.required/nginx pass medium base.toml:11", "system.selinux pass low web.toml:8", "system.timezone pass medium base.toml:8"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if p.ID != "web" || p.Title != "Base" || p.MinCoverage != 50 || len(p.Disabled) != 1 || !slices.Equal(p.Files, []string{base, web}) {
		t.Errorf("%+v", p)
	}

	for _, order := range [][]string{{base, web, more}, {web, base, more, web}} {
		p, err = policy.Load(order, policy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Checks) != 4 || len(p.Disabled) != 0 || len(p.Files) != 3 {
			t.Errorf("%v: checks %v, disabled %v, files %v", order, ids(p), p.Disabled, p.Files)
		}
	}
}

func TestExtendsIsBounded(t *testing.T) {
	var files []string
	for i := range 12 {
		files = append(files, fmt.Sprintf("%d.toml", i), fmt.Sprintf("[baseline]\nextends = [%q]\n[system]\nos = 'a'\n", fmt.Sprintf("%d.toml", i+1)))
	}
	if got := loadError(t, files...); !strings.Contains(got, "8.toml:2:12: extends 9.toml: more than 8 files that extend each other") {
		t.Error(got)
	}
	got := loadError(t, "a.toml", "[baseline]\nextends = ['b.toml']\n", "b.toml", "[baseline]\nextends = ['c.toml']\n", "c.toml", "[baseline]\nextends = ['a.toml']\n")
	if want := "c.toml:2:12: extends a.toml: extends itself, by way of a.toml, b.toml, c.toml"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// two ways to one file are no loop
	p, err := policy.Load([]string{write(t, "a.toml", "[baseline]\nextends = ['b.toml', 'c.toml']\n", "b.toml", "[baseline]\nextends = ['c.toml']\n", "c.toml", "[system]\nos = 'a'\n")}, policy.Options{})
	if err != nil || len(p.Files) != 3 {
		t.Errorf("%v, %v", p, err)
	}
	if got := loadError(t, "a.toml", "disable = [{ id = 'system.oss', reason = 'x' }]\n[baseline]\nextends = ['b.toml']\n", "b.toml", "[system]\nos = 1\n[sistem]\n"); strings.Count(got, "\n") != 2 {
		t.Error(got)
	}
	if got := loadError(t, "a.toml", "disable = [{ id = 'system.os', reason = 'x' }]\n[baseline]\nextends = ['b.toml']\n[system]\nlocale = '${v}'\n", "b.toml", "[system\n"); strings.Contains(got, "\n") {
		t.Errorf("what a broken file would have defined is missed: %s", got)
	}
}

func TestAllowListInAFile(t *testing.T) {
	name := write(t, "b.toml", "[packages.only]\nfile = 'allowed.txt'\n", "allowed.txt",
		"# ours\nnginx\nexim4 # mail\n\nlib*\r\nlinux-image-amd64\npostgresql-common:amd64\nzlib1g-dev:i386\n")
	p, err := policy.Load([]string{name}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := p.Judge(t.Context(), guestFacts())[0]
	if f.Status != fail || f.Message != "2 not allowed: inetutils-telnet, zlib1g-dev" {
		t.Errorf("%s %s", f.Status, f.Message)
	}
}

func TestFreeKeys(t *testing.T) {
	p := load(t, "x-a = '${b}'\n[x-c]\nd = 1\n[system]\nx-e = [1]\nos = { equals = 'a', x-f = 1 }\n[packages.versions]\n"+
		"x-face-el = '${v}'\n[vars]\nv = '>=1'\n[meta]\nanything = ['${b}']\n")
	// the keys of [packages.versions] are names of packages
	if want := []string{"packages.versions/x-face-el", "system.os"}; !slices.Equal(ids(p), want) {
		t.Errorf("%v, want %v", ids(p), want)
	}
}

func TestVariables(t *testing.T) {
	p := load(t, "[vars]\nz = 'U'\n[system]\ntimezone = '${z}TC'\n[files.content]\n'/a' = { contains = '$${z}$' }\n[meta]\nx = '${y'\n")
	if f := byID(t, p.Judge(t.Context(), guestFacts()), "system.timezone"); f.Expected != "UTC" {
		t.Errorf("%q", f.Expected)
	}
	if got := p.Request().Files["/a"].Content; !slices.Equal(got, []string{`\$\{z\}\$`}) {
		t.Errorf("%q", got)
	}
	if got := loadError(t, "b.toml", "[vars]\na = '"+strings.Repeat("x", 500_000)+"'\n[system]\nos = '"+strings.Repeat("${a}", 1000)+"'\n"); len(got) > 200 {
		t.Errorf("%.200s", got)
	}
}

func TestHugeBaseline(t *testing.T) {
	var b strings.Builder
	b.WriteString("[packages.required]\npackages = [")
	for i := range 25_000 {
		fmt.Fprintf(&b, "'p%d',", i)
	}
	b.WriteString("]\n")
	if got := loadError(t, "b.toml", b.String()); !strings.Contains(got, "more than 20000 checks in one file") {
		t.Errorf("%.200s", got)
	}
	b.Reset()
	for i := range 60_000 {
		fmt.Fprintf(&b, "k%d=1\n", i)
	}
	if got := loadError(t, "b.toml", b.String()); strings.Count(got, "\n") > 60 {
		t.Errorf("%d errors", strings.Count(got, "\n"))
	}
}

func TestInterruptedChecksAreUnknown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := load(t, system("timezone", "'UTC'")+list("packages.required", "'nginx'"))
	for _, f := range p.Judge(ctx, guestFacts()) {
		if f.Status != unknown {
			t.Errorf("%s: %s", f.ID, f.Status)
		}
	}
}

func TestJudgeIsTheSameTwice(t *testing.T) {
	p, err := policy.Load([]string{"testdata/vocabulary.toml"}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.Judge(t.Context(), guestFacts()), p.Judge(t.Context(), guestFacts())); diff != "" {
		t.Error(diff)
	}
}

// TestFrameworks warns of names that no report knows, and of versions it does not have.
func TestFrameworks(t *testing.T) {
	p := load(t, "[baseline]\nframeworks = [\"cis_debian12\", \"CIS-RHEL9-1.0.0\", \"cis_debian21\", \"ACME\"]\n[system]\ntimezone = \"UTC\"\n")
	if len(p.Frameworks) != 4 {
		t.Errorf("frameworks %v", p.Frameworks)
	}
	var got []string
	for _, w := range p.Warnings {
		got = append(got, w.Message)
	}
	want := []string{
		`"CIS-RHEL9-1.0.0" is reported by the numbers of CIS Red Hat Enterprise Linux 9 Benchmark 2.0.0`,
		`no framework "cis_debian21" is known: no report shows it, did you mean cis_debian12?`,
		`no framework "ACME" is known: no report shows it`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestConditionsThatAreMisspelt warns: a check whose condition holds for no guest is silent everywhere.
func TestConditionsThatAreMisspelt(t *testing.T) {
	p := load(t, `[baseline]
applies_to = { os = ["debain>=12", "rocky", "acmeos"], arch = ["x86-64", "amd64", "sh4"] }
[system]
timezone = { equals = "UTC", when = { os = ["ubunut"] } }
[[waiver]]
rule = "system.timezone"
reason = "r"
owner = "o"
expires = 2026-12-31
targets = { os = ["rhle==9"] }
`)
	var got []string
	for _, w := range p.Warnings {
		got = append(got, fmt.Sprintf("%d: %s", w.Line, w.Message))
	}
	want := []string{
		`2: no operating system "debain" is known, did you mean debian?`,
		`2: no architecture "x86-64" is known, did you mean x86_64?`,
		`4: no operating system "ubunut" is known, did you mean ubuntu?`,
		`10: no operating system "rhle" is known, did you mean rhel?`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLabels(t *testing.T) {
	name := write(t, "b.toml", `[baseline]
applies_to = { labels = { role = "web" } }
[system]
os = "debian"
timezone = { equals = "UTC", when = { os = ["debian"], labels = { site = ["a", "b"] } } }
`)
	for _, c := range []struct {
		labels   map[string]string
		os, zone finding.Status
		says     string
	}{
		{nil, notApp, notApp, "for role=web, no label role was given"},
		{map[string]string{"role": "db"}, notApp, notApp, "for role=web, the label is role=db"},
		{map[string]string{"role": "web"}, pass, notApp, "debian"},
		{map[string]string{"role": "web", "site": "b"}, pass, pass, "debian"},
	} {
		p, err := policy.Load([]string{name}, policy.Options{Labels: c.labels})
		if err != nil {
			t.Fatal(err)
		}
		fs := p.Judge(t.Context(), guestFacts())
		if os, zone := byID(t, fs, "system.os"), byID(t, fs, "system.timezone"); os.Status != c.os || zone.Status != c.zone || os.Message != c.says {
			t.Errorf("%v: %s (%s), %s", c.labels, os.Status, os.Message, zone.Status)
		}
		if c.labels == nil && p.AppliesTo != "with role=web" {
			t.Errorf("applies to %q", p.AppliesTo)
		}
	}
}

// TestLabelsAskNothingOfTheGuest: a condition on labels alone needs no facts.
func TestLabelsAskNothingOfTheGuest(t *testing.T) {
	p := load(t, system("timezone", `{ equals = "UTC", when = { labels = { role = "web" } } }`))
	if got := p.Request().Domains; !slices.Equal(got, []string{"timezone"}) {
		t.Errorf("asks for %v", got)
	}
}
