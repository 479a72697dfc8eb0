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
	text, err := os.ReadFile("../docs/baselines.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllSubmatch(text, -1)
	if len(blocks) < 2 {
		t.Fatalf("found %d examples", len(blocks))
	}
	for _, b := range blocks {
		path := filepath.Join(t.TempDir(), "example.toml")
		if err := os.WriteFile(path, b[1], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := policy.Load([]string{path}, policy.Options{}); err != nil {
			t.Error(err)
		}
	}
}
