package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/guestctl/guestctl/evidence"
	"github.com/guestctl/guestctl/finding"
)

// EvidenceHeld writes for people whether evidence holds.
func EvidenceHeld(w io.Writer, h *evidence.Held) error {
	t := textWriter{bufio.NewWriter(&lines{w: w})}
	of := ""
	if h.Key != nil {
		of = fmt.Sprintf(" · guestctl %s · %s", Escape(h.Command), Escape(h.Time))
	}
	t.printf("evidence  %s%s\n\n", bold(Escape(h.File)), of)
	width := 0
	for _, a := range h.Answers {
		width = max(width, len(Escape(a.Name)))
	}
	for _, a := range h.Answers {
		status, text := finding.Pass, a.Text
		if !a.Holds {
			status = finding.Fail
		}
		t.printf(" %s  %-*s  %s\n", statusWord(status), width, Escape(a.Name), EscapeText(text))
	}
	word := good("HOLDS")
	if !h.Holds {
		word = bad("DOES NOT HOLD")
	}
	t.printf("\nevidence %s\n", word)
	return t.Flush()
}

// Evidence writes for people what a statement says. Nobody has verified it.
func Evidence(w io.Writer, name string, e *evidence.Envelope, s *evidence.Statement) error {
	t := textWriter{bufio.NewWriter(&lines{w: w})}
	p := &s.Predicate
	t.printf("evidence  %s · guestctl %s %s · %s\n", bold(Escape(name)), Escape(p.Tool.Version), Escape(p.Command), Escape(p.Time))
	for _, sig := range e.Signatures {
		t.printf("signed    it says by %s; %s\n", Escape(sig.KeyID), warn("not verified"))
	}
	for _, in := range p.Inputs {
		t.printf("by        %s %s sha256:%s\n", Escape(in.Kind), Escape(in.Name), Escape(in.Digest.SHA256))
	}
	for _, e := range p.Engines {
		t.printf("engine    %s %s, %s, sha256:%s\n", Escape(e.Name), Escape(e.Version), count(e.Rules, "rule"), Escape(e.Digest))
	}
	for i := range p.Targets {
		t.attested(p, &p.Targets[i])
	}
	if len(p.Checks) > 0 {
		t.printf("\nrun\n")
		t.attestedChecks(p.Checks)
	}
	return t.Flush()
}

func (t textWriter) attested(p *evidence.Predicate, tg *evidence.Target) {
	parts := []string{bold(Escape(tg.Image))}
	for _, part := range []string{strings.TrimSpace(tg.OS.ID + " " + tg.OS.VersionID), tg.Root, p.Snapshot} {
		if part != "" {
			parts = append(parts, Escape(part))
		}
	}
	t.printf("\nimage     %s\n", strings.Join(parts, " · "))
	for _, f := range tg.Files {
		t.printf("file      %s sha256:%s\n", Escape(f.Name), Escape(f.Digest.SHA256))
	}
	if tg.Error != "" {
		t.printf("%s %s\n", bad("not judged:"), Escape(tg.Error))
	}
	t.attestedChecks(tg.Checks)
	t.printf("%s · facts coverage %s %%          result %s (fail-on: %s)\n",
		counts(tg.Counts), decimal(tg.Coverage), resultWord(tg.Result), Escape(string(p.FailOn)))
}

// attestedChecks writes what did not pass.
func (t textWriter) attestedChecks(checks []evidence.Check) {
	for _, c := range checks {
		if c.Status == finding.Pass || c.Status == finding.NotApplicable {
			continue
		}
		t.printf(" %s  %-8s  %s\n", statusWord(c.Status), Escape(string(c.Severity)), Escape(c.ID))
		if w := c.Waiver; w != nil {
			t.lines("waiver", []string{fmt.Sprintf("%s, until %s: %s", w.Owner, w.Expires, w.Reason)})
		}
	}
}
