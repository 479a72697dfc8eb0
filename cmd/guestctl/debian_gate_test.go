package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDebianPassesItsOwnGate takes the real Debian 12 through a pipeline: its facts are what the next release is held against, and the
// evidence about it holds.
func TestDebianPassesItsOwnGate(t *testing.T) {
	dir := t.TempDir()
	stored, signed := filepath.Join(dir, "web.facts.zst"), filepath.Join(dir, "web.intoto.jsonl")
	t.Setenv("GITHUB_STEP_SUMMARY", "")
	out := string(onDebian(t, "debian12.qcow2", "gate", "--hygiene", "--verify-packages", "--drift-from", filepath.Join(debianImages, "debian12.qcow2"), "--fail-on", "critical",
		"--facts-out", stored, "--evidence", signed, "--sign-key", "../../evidence/testdata/openssl.key", "IMAGE")) // exit code 0
	for _, want := range []string{
		" packages  2 pass  0 fail  0 unknown", " drift     2 pass  0 fail", " hygiene   20 pass  1 fail", "gate OPEN",
		"sha256:" + sumOf(t, filepath.Join(debianImages, "debian12.qcow2")),
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	onDebian(t, "debian12.qcow2", "evidence", "verify", signed, "--image", "IMAGE", "--trust", "../../evidence/testdata", "--require", "result=pass")
	onDebian(t, "debian12.qcow2", "gate", "--drift-from", stored, "IMAGE")
}

// sumOf is the SHA-256 of a file.
func sumOf(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
