package engine_test

import (
	"os"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine"
)

// TestTheDocumentedDomains keeps the table of the documentation the list of collectors. UPDATE=1 writes it again.
func TestTheDocumentedDomains(t *testing.T) {
	const path = "../docs/facts.md"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| domain | holds |\n|---|---|\n")
	for _, c := range engine.Collectors() {
		table.WriteString("| `" + c.Name + "` | " + c.Doc + " |\n")
	}
	before, rest, ok := strings.Cut(string(b), "## Domains\n\n")
	_, after, found := strings.Cut(rest, "\n`guestctl facts --only")
	if !ok || !found {
		t.Fatal("docs/facts.md has no section on domains")
	}
	want := before + "## Domains\n\n" + table.String() + "\n`guestctl facts --only" + after
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(b) {
		t.Error("docs/facts.md does not list the domains there are: run the test with UPDATE=1")
	}
}
