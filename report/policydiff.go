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
	if len(d.Targets) == 0 {
		t.checksDiff(d.Checks)
		return t.Flush()
	}
	for i := range d.Targets {
		t.diff(&d.Targets[i])
	}
	s := d.Summary
	t.printf("\n%s judged: verdicts that turn to fail %d, to unknown %d, to the better %d; on %s", count(s.Guests, "guest"), s.Fail, s.Unknown, s.Better,
		count(s.Touched, "guest"))
	if s.NotJudged > 0 {
		t.printf("; %d not judged", s.NotJudged)
	}
	t.printf("\n")
	return t.Flush()
}

// checksDiff writes in what the checks differ.
func (t textWriter) checksDiff(checks []audit.DiffCheck) {
	t.printf("\n")
	number := map[audit.ChangeKind]int{}
	for i := range checks {
		c := &checks[i]
		number[c.Kind]++
		switch c.Kind {
		case audit.Added:
			t.printf(" %s  %s  %s\n", good("added  "), Escape(c.ID), version(c.New))
		case audit.Removed:
			t.printf(" %s  %s  %s\n", bad("removed"), Escape(c.ID), version(c.Old))
		default:
			t.printf(" %s  %s (%s)\n", warn("changed"), Escape(c.ID), at(c.New.Policy))
			for _, d := range c.Differences {
				t.printf("           %s: %s -> %s\n", d.What, short(d.Old), short(d.New))
			}
		}
	}
	t.printf("%d added, %d removed, %d changed\n", number[audit.Added], number[audit.Removed], number[audit.Changed])
}

func version(v *audit.CheckVersion) string {
	return fmt.Sprintf("%s %s (%s)", v.Severity, Escape(v.Title), at(v.Policy))
}

// maxShort is how many characters of a text stand in a line.
const maxShort = 200

// short is the beginning of a text.
func short(s string) string {
	if s == "" {
		return "nothing"
	}
	if r := []rune(s); len(r) > maxShort {
		s = string(r[:maxShort]) + "…"
	}
	return Escape(s)
}

func (t textWriter) diff(tg *audit.DiffTarget) {
	name := bold(Escape(tg.Image))
	if tg.Machine != "" {
		name += " · " + Escape(tg.Machine)
	}
	t.printf("\nimage     %s\n", name)
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
