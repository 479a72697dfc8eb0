package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/guestctl/guestctl/audit"
)

// DiffText writes for people what another policy would change.
func DiffText(w io.Writer, d *audit.Diff) error {
	t := textWriter{bufio.NewWriter(&lines{w: w})}
	t.printf("old  %s\nnew  %s\n", Escape(strings.Join(d.Old, " + ")), Escape(strings.Join(d.New, " + ")))
	for i := range d.Targets {
		t.diff(&d.Targets[i])
	}
	return t.Flush()
}

func (t textWriter) diff(tg *audit.DiffTarget) {
	t.printf("\nimage     %s\n", bold(Escape(tg.Image)))
	if tg.Error != "" {
		t.printf("%s %s\n", bad("not judged:"), Escape(tg.Error))
		return
	}
	number := map[audit.ChangeKind]int{}
	for _, c := range tg.Changes {
		number[c.Kind]++
		switch c.Kind {
		case audit.Added:
			t.printf(" %s  %s  %s\n", good("added  "), Escape(c.ID), judgement(c.New))
		case audit.Removed:
			t.printf(" %s  %s  %s\n", bad("removed"), Escape(c.ID), judgement(c.Old))
		default:
			t.printf(" %s  %s\n           %s\n        -> %s\n", warn("changed"), Escape(c.ID), judgement(c.Old), judgement(c.New))
		}
	}
	t.printf("%d added, %d removed, %d changed\n", number[audit.Added], number[audit.Removed], number[audit.Changed])
}

// judgement is what one policy says of a check, and where it is written.
func judgement(j *audit.Judgement) string {
	words := []string{resultWord(j.Status), string(j.Severity)}
	if j.Message != "" {
		words = append(words, Escape(j.Message))
	}
	return fmt.Sprintf("%s (%s)", strings.Join(words, " "), at(j.Policy))
}
