package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/drift"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// drift says what became of a guest, and what that rests on.
func (t textWriter) drift(d *audit.Drifted) {
	if d == nil {
		return
	}
	t.printf("drift     since %s: %s\n", Escape(d.From), Escape(d.Summary))
	t.lines("note", d.Notes)
}

// FactsDiffSchema names the version of a FactsDiff as JSON.
const FactsDiffSchema = "guestctl.factsdiff/1"

// FactsDiff is in what two documents of facts differ.
type FactsDiff struct {
	Schema string `json:"schema"`
	Old    string `json:"old"`
	New    string `json:"new"`
	*drift.Comparison
}

// Verdict sums up: Findings when anything differs, else NotJudged when something could not be compared.
func (d FactsDiff) Verdict() audit.Verdict {
	switch {
	case len(d.Changes) > 0:
		return audit.Findings
	case len(d.Unread) > 0:
		return audit.NotJudged
	}
	return audit.Clean
}

// FactsDiffText writes for people in what two documents differ.
func FactsDiffText(w io.Writer, d FactsDiff) error {
	t := textWriter{bufio.NewWriter(&lines{w: w})}
	t.printf("old  %s\nnew  %s\n", Escape(d.Old), Escape(d.New))
	domain := ""
	for i := range d.Changes {
		c := &d.Changes[i]
		if c.Domain != domain {
			domain = c.Domain
			t.printf("\n%s\n", bold(Escape(domain)))
		}
		t.factChange(c)
	}
	if len(d.Unread) > 0 {
		t.printf("\n%s\n", warn(fmt.Sprintf("%d not compared", len(d.Unread))))
	}
	for _, u := range d.Unread {
		t.printf("  %s: %s\n", Escape(u.Domain), Escape(u.Cause))
	}
	t.printf("\n%s, %s without one\n", count(len(d.Changes), "difference"), count(d.Same, "domain"))
	return t.Flush()
}

func (t textWriter) factChange(c *drift.Change) {
	switch c.Kind {
	case drift.Added:
		t.printf(" %s  %s  %s%s\n", good("added  "), Escape(c.Key), Escape(c.New), from(c.NewSource))
	case drift.Removed:
		t.printf(" %s  %s  %s%s\n", bad("removed"), Escape(c.Key), Escape(c.Old), from(c.OldSource))
	default:
		t.printf(" %s  %s\n           %s%s\n        -> %s%s\n", warn("changed"), Escape(c.Key),
			Escape(cmp.Or(c.Old, "nothing")), from(c.OldSource), Escape(cmp.Or(c.New, "nothing")), from(c.NewSource))
	}
}

// from says where a value stands.
func from(s *facts.Source) string {
	if s == nil {
		return ""
	}
	return "  " + faint(at(finding.Position{File: s.Path, Line: s.Line}))
}
