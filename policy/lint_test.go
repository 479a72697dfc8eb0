package policy_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/policy"
)

func TestLint(t *testing.T) {
	base := write(t, "b.toml", `[system]
timezone = "Mars/Olympus"
[packages.required]
packages = [
  "nginx",
  { name = "nginx", id = "web-server" },
  { name = "telnet", when = { os = ["alpine"] } },
  "rsh",
]
[packages.forbidden]
packages = ["telnet", "rsh"]
[files.must_exist]
paths = ["/etc/a", "/etc/b"]
[files.must_not_exist]
paths = ["/etc/b"]
[files.checksums]
"/etc/c" = "sha256:abc..."
"/etc/d" = "md5:d41d8cd98f00b204e9800998ecf8427e"
`)
	waivers := write(t, "w.toml", `[[waiver]]
rule = "packages.**"
reason = "r"
owner = "o"
expires = 2026-11-22
[[waiver]]
rule = "system.*"
reason = "r"
owner = "o"
expires = 2027-11-22
[[waiver]]
rule = "system.zone"
reason = "r"
owner = "o"
approved_by = "c"
expires = 2026-11-30
[[waiver]]
rule = "system.timezone"
reason = "r"
owner = "o"
approved_by = "c"
expires = 2027-11-30
`)
	p, err := policy.Load([]string{base}, policy.Options{Waivers: []string{waivers}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range p.Lint(today) {
		got = append(got, fmt.Sprintf("%s:%d: %.90s", filepath.Base(w.File), w.Line, w.Message))
	}
	want := []string{
		`b.toml:2: system.timezone "Mars/Olympus" is no name of the time zone database; it can only fail`,
		fmt.Sprintf("b.toml:6: %.90s", "web-server says the same as packages.required/nginx ("+base+":5)"),
		fmt.Sprintf("b.toml:8: %.90s", "packages.required/rsh and packages.forbidden/rsh ("+base+":11) cannot both pass"),
		fmt.Sprintf("b.toml:13: %.90s", "files.must_exist:/etc/b and files.must_not_exist:/etc/b ("+base+":15) cannot both pass"),
		`b.toml:17: files.checksums."/etc/c" is a shortened digest (3 of 64 digits): it can fail and never pas`,
		`b.toml:18: files.checksums."/etc/d": md5 does not protect against a file made on purpose, use sha256`,
		`w.toml:1: the waiver for packages.** has expired: 2026-11-22 was its last day`,
		`w.toml:6: the waiver for system.* has no effect: nobody approved it (approved_by)`,
		`w.toml:11: the waiver for system.zone ends soon: 2026-11-30 is its last day, days left: 7`,
		`w.toml:11: the waiver for system.zone is for nothing: no check has such an id`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
