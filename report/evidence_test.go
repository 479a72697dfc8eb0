package report

import (
	"io"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/evidence"
	"github.com/guestctl/guestctl/finding"
)

// TestNoEvidenceForgesOutput: what evidence says is shown before anybody believes it.
func TestNoEvidenceForgesOutput(t *testing.T) {
	shown := func(s string) string {
		e := &evidence.Envelope{Signatures: []evidence.Signature{{KeyID: s, Sig: s}}}
		checks := []evidence.Check{{ID: s, Status: finding.Status("pass" + s), Severity: finding.Severity(s), Waiver: &evidence.Waiver{Reason: s, Owner: s, Expires: s}}}
		st := &evidence.Statement{Predicate: evidence.Predicate{
			Tool: audit.Tool{Version: s}, Command: s, Time: s, Snapshot: s, FailOn: audit.FailOn(s), Checks: checks,
			Inputs: []evidence.Input{{Kind: s, Name: s, Digest: evidence.Digest{SHA256: s}}}, Engines: []evidence.Engine{{Name: s, Version: s, Digest: s}},
			Targets: []evidence.Target{{
				Image: s, Root: s, OS: evidence.OS{ID: s}, Error: "x" + s, Result: finding.Status("fail" + s), Checks: checks,
				Files: []evidence.File{{Name: s, Digest: evidence.Digest{SHA256: s}}},
			}},
		}}
		held := &evidence.Held{File: s, Command: s, Time: s, Key: &evidence.Key{}, Answers: []evidence.Answer{{Name: s, Text: s}}}
		text := written(t, Format{Write: func(w io.Writer, _ *audit.Result) error { return Evidence(w, s, e, st) }}, nil)
		return string(text) + string(written(t, Format{Write: func(w io.Writer, _ *audit.Result) error { return EvidenceHeld(w, held) }}, nil))
	}
	want := strings.Count(shown("x"), "\n")
	for name, hostile := range hostiles() {
		text := shown(hostile)
		if got := strings.Count(text, "\n"); got != want && name != "empty" {
			t.Errorf("%s: %d lines, want %d", name, got, want)
		}
		for _, bad := range []string{"\x1b", "\x00", "\u202e", "\u200b", "\n PASS  forged", "\n::error"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: contains %q", name, bad)
			}
		}
	}
}
