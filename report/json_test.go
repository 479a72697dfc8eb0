package report

import (
	"bytes"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
)

// TestNotKnownIsNotNone keeps null apart from an empty list in the facts: that nothing was found, and that nobody could look.
func TestNotKnownIsNotNone(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, &facts.Audit{Loaded: nil, Rules: []facts.AuditRule{}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"loaded": null`, `"rules_d": []`} {
		if !bytes.Contains(b.Bytes(), []byte(want)) {
			t.Errorf("no %s in %s", want, b.String())
		}
	}
	b.Reset()
	if err := WriteJSON(&b, &facts.SSHD{}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b.Bytes(), []byte(`"match": []`)) {
		t.Errorf("a list that is never unknown is null: %s", b.String())
	}
}
