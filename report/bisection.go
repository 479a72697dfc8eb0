package report

import (
	"bufio"
	"io"
	"strings"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/internal/bisect"
)

// BisectionText writes for people which of a series is the first that is bad.
func BisectionText(w io.Writer, b *audit.Bisection) error {
	t := textWriter{bufio.NewWriter(&lines{w: w})}
	what := "check " + b.Check
	if b.Rule != "" {
		what = "rule " + b.Rule
	}
	t.printf("bisect    %s · %s by %s · judged %d\n\n", Escape(what), count(b.Images, "image"), orderWord(b.Order), len(b.Judged))
	t.judgedItem("last good", b.LastGood)
	t.judgedItem("first bad", b.FirstBad)
	for i := range b.Judged {
		if j := &b.Judged[i]; j.State == audit.StateUnknown {
			t.printf("%s %s: %s\n", warn("not judged:"), Escape(j.Called()), short(j.Why))
		}
	}
	if len(b.Flips) > 1 || b.Outcome == bisect.Always && len(b.Flips) > 0 {
		t.printf("changes at %s\n", Escape(strings.Join(b.Flips, ", ")))
	}
	for _, n := range b.Notes {
		t.printf("note: %s\n", Escape(n))
	}
	t.printf("%s\n", outcome(b))
	return t.Flush()
}

func (t textWriter) judgedItem(what string, j *audit.JudgedItem) {
	if j == nil {
		return
	}
	t.printf("%s %s  %s\n", what, bold(Escape(j.Called())), when(j.Item))
	t.checks(j.Findings)
	t.printf("\n")
}

// outcome says in one sentence what was found.
func outcome(b *audit.Bisection) string {
	switch b.Outcome {
	case bisect.Found:
		return "the first bad one is " + Escape(b.FirstBad.Called()) + "; the one before it, " + Escape(b.LastGood.Called()) + ", is good"
	case bisect.Always:
		return "the first of the series, " + Escape(b.FirstBad.Called()) + ", is bad already"
	case bisect.Never:
		if len(b.Judged) < b.Images {
			return "none that was looked at is bad"
		}
		return "none is bad"
	case bisect.Between:
		return "it became bad after " + Escape(b.LastGood.Called()) + " and by " + Escape(b.FirstBad.Called()) + ": " + count(len(b.Between), "image") + " between them cannot be judged"
	}
	switch {
	case b.FirstBad != nil:
		return "not decided: " + Escape(b.FirstBad.Called()) + " is bad, and none before it can be judged"
	case b.LastGood != nil:
		return "not decided: none that could be judged is bad, and not all of them could be"
	}
	return "not decided: none could be judged"
}
