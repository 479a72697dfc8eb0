package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/policy"
)

// TestExplanationTellsSomeFiles keeps the text of a check that many files tell of readable.
func TestExplanationTellsSomeFiles(t *testing.T) {
	e := &policy.Explanation{}
	for i := range maxRead + 3 {
		e.Read = append(e.Read, fmt.Sprintf("/etc/%02d", i))
	}
	var b bytes.Buffer
	if err := explanationText(&b, e); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); !strings.Contains(text, "/etc/19\n         and 3 more, which --format json lists\n") || strings.Contains(text, "/etc/20") {
		t.Error(text)
	}
}
