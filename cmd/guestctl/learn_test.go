package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLearnFromDebian learns from two real disks, and holds both and a third one against what was learned. The variants are
// described in testdata/variants: broken changes files that the other two have in common.
func TestLearnFromDebian(t *testing.T) {
	sources := []string{filepath.Join(debianImages, "debian12.qcow2"), filepath.Join(debianImages, "debian12-hardened.qcow2")}
	built(t, sources[1])
	baseline := filepath.Join(t.TempDir(), "learned.toml")
	if err := os.WriteFile(baseline, printed(t, "baseline", "learn", sources[0], sources[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	judge := func(image string) string {
		return string(printed(t, "check-compliance", "--no-color", "--baseline", baseline, image))
	}
	for _, image := range sources {
		if got := judge(image); !strings.Contains(got, " 0 failed, 0 unknown, 0 waived ") || strings.Contains(got, " FAIL ") {
			t.Errorf("%s does not satisfy what was learned from it:\n%.2000s", image, got)
		}
	}
	got := judge(filepath.Join(debianImages, "debian12-broken.qcow2"))
	for _, want := range []string{"files.permissions:/etc/shadow", "files.checksums:/etc/ssh/sshd_config", "system.timezone", "packages.required/nano"} {
		if !strings.Contains(got, " FAIL     "+want) {
			t.Errorf("the broken one does not fail %s", want)
		}
	}
}
