package policy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/guestctl/guestctl/policy"
)

// TestTheDocumentedBaselinesLoad keeps the examples of the documentation true.
func TestTheDocumentedBaselinesLoad(t *testing.T) {
	for _, path := range examples(t, "../docs/baselines.md") {
		if _, err := policy.Load([]string{path}, policy.Options{}); err != nil {
			t.Error(err)
		}
	}
}

func TestTheDocumentedWaiversLoad(t *testing.T) {
	for _, path := range examples(t, "../docs/waivers.md") {
		if _, err := policy.Load(nil, policy.Options{AllowEmpty: true, Waivers: []string{path}, Now: today}); err == nil || err.Error() != "baseline: no file was given" {
			t.Error(err)
		}
	}
}

// examples writes the TOML of a page to files.
func examples(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, b := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllSubmatch(text, -1) {
		path := filepath.Join(t.TempDir(), "example.toml")
		if err := os.WriteFile(path, b[1], 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	if len(paths) == 0 {
		t.Fatalf("no example in %s", page)
	}
	return paths
}
