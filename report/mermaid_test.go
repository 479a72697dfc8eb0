package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine"
)

// mermaidLine is what a line of a chart may be: an arrow, or a node whose label holds nothing that Mermaid takes for markup.
var mermaidLine = regexp.MustCompile(`^ {4}(?:v\d+ --> v\d+|(?:v\d+ --> )?v\d+(?:m\d+)?[\[(]+"(?:[^"<>&;\[\]{}()|#]|#\d+;|<br>)*"[\])]+(?: --> v\d+)?|v\d+f\[\("(?:[^"<>&;\[\]{}()|#]|#\d+;|<br>)*"\)\] --> v\d+)$`)

func TestMermaidHoldsNoMarkupOfAGuest(t *testing.T) {
	for name, hostile := range hostiles() {
		in := &engine.Inspection{
			Disks: []engine.InspectedDisk{{Device: "disk", Image: hostile, Format: "raw"}},
			Volumes: []engine.InspectedVolume{
				{Name: "disk", Content: "LVM2", Set: hostile},
				{Name: hostile + "/x", Members: []string{"disk"}, FSLabel: hostile, Mounts: []string{"/" + hostile}, Error: hostile},
			},
		}
		var b bytes.Buffer
		if err := inspectionMermaid(&b, in); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(lines) != 6 || lines[0] != "flowchart LR" {
			t.Errorf("%s: %d lines:\n%s", name, len(lines), b.String())
		}
		for _, line := range lines[1:] {
			if !mermaidLine.MatchString(line) {
				t.Errorf("%s: %q", name, line)
			}
		}
	}
}
