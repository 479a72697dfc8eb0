package policy_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/guestctl/guestctl/policy"
)

func TestLaterFilesSayMoreOfBackups(t *testing.T) {
	name := write(t, "b.toml", `baseline.extends = ["base.toml"]
[backup]
max_file_age = "2h"
bootable = true
compare_ignore = ["/srv/**"]
`, "base.toml", `[backup]
max_file_age = "26h"
max_content_age = { time = "30d" }
same_identity = "golden.facts.json"
read_all_within = "2w"
bootable = { firmware = "uefi", target = "kvm" }
compare_ignore = ["/var/log/**"]
`)
	p, err := policy.Load([]string{name}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := p.Backup
	if b.MaxFileAge != 2*time.Hour || b.MaxContentAge != 720*time.Hour || b.ReadAllWithin != 336*time.Hour {
		t.Errorf("ages %v, %v, %v", b.MaxFileAge, b.MaxContentAge, b.ReadAllWithin)
	}
	if want := filepath.Join(filepath.Dir(name), "golden.facts.json"); b.Same != want {
		t.Errorf("same identity as %s, want %s", b.Same, want)
	}
	if *b.Bootable != (policy.Bootable{}) {
		t.Errorf("bootable on %+v, want any machine", *b.Bootable)
	}
	if !slices.Equal(b.Ignore, []string{"/var/log/**", "/srv/**"}) {
		t.Errorf("ignored %q", b.Ignore)
	}
	want := []string{policy.BootableCheck, policy.CompareCheck, policy.ContentAgeCheck, policy.FileAgeCheck, policy.ReadAllCheck, policy.IdentityCheck}
	if ids := p.Elsewhere(policy.ByBackup); !slices.Equal(ids, want) {
		t.Errorf("checks %q, want %q", ids, want)
	}
}
