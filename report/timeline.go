package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/backup/origin"
	"github.com/guestctl/guestctl/drift"
	"github.com/guestctl/guestctl/finding"
)

// TimelineText writes for people how a machine went from state to state.
func TimelineText(w io.Writer, tl *audit.Timeline) error {
	t := textWriter{bufio.NewWriter(&lines{w: w})}
	t.printf("timeline  %s by %s", count(len(tl.States), "state"), orderWord(tl.Order))
	if len(tl.Policy) > 0 {
		t.printf(" · baseline %s", Escape(strings.Join(tl.Policy, " + ")))
	}
	t.printf("\n")
	number := map[finding.Status]int{}
	unread := 0
	for i := range tl.States {
		m := &tl.States[i]
		t.moment(tl, i)
		if m.Error != "" {
			unread++
		} else if m.Verdict != nil {
			number[m.Verdict.Result]++
		}
	}
	t.printf("\n%s", count(len(tl.States), "state"))
	if len(tl.Policy) > 0 {
		t.printf(": %d passed, %d failed, %d unknown", number[finding.Pass], number[finding.Fail], number[finding.Unknown])
	}
	if unread > 0 {
		t.printf(", %d not read", unread)
	}
	t.printf("\n")
	return t.Flush()
}

func orderWord(o audit.Order) string {
	return map[audit.Order]string{audit.ByWritten: "time written", audit.ByName: "name", audit.ByContent: "time of content", audit.ByCreated: "time of creation"}[o]
}

// when is the time of one of a series.
func when(i audit.Item) string {
	at := i.Written
	if !i.Content.IsZero() {
		at = i.Content
	}
	if at.IsZero() {
		return "time not known"
	}
	return at.UTC().Format(time.RFC3339)
}

func (t textWriter) moment(tl *audit.Timeline, i int) {
	m := &tl.States[i]
	t.printf("\n%s  %s", when(m.Item), bold(Escape(m.Called())))
	if m.Machine != "" {
		t.printf(" · %s", Escape(m.Machine))
	}
	if i > 0 {
		if d := m.Written.Sub(tl.States[i-1].Written); d >= time.Minute && !tl.States[i-1].Written.IsZero() {
			t.printf(" · %s later", origin.Age(d))
		}
	}
	t.printf("\n")
	if m.Error != "" {
		t.printf("  %s %s\n", bad("not read:"), Escape(m.Error))
		if m.Hint != "" {
			t.printf("  hint: %s\n", Escape(m.Hint))
		}
		return
	}
	if m.Since != "" {
		t.changes(m)
	}
	if m.Verdict != nil {
		t.momentVerdict(m.Verdict)
	}
}

func (t textWriter) changes(m *audit.Moment) {
	var parts []string
	for _, d := range m.Domains {
		var words []string
		for _, n := range []struct {
			number int
			word   string
		}{{d.Added, "added"}, {d.Removed, "removed"}, {d.Changed, "changed"}} {
			if n.number > 0 {
				words = append(words, fmt.Sprintf("%d %s", n.number, n.word))
			}
		}
		parts = append(parts, Escape(d.Domain)+" "+strings.Join(words, ", "))
	}
	if len(parts) == 0 {
		t.printf("  no change\n")
	} else {
		t.printf("  %s: %s\n", count(m.Changes, "change"), strings.Join(parts, " · "))
	}
	for i := range m.Top {
		t.change(&m.Top[i])
	}
	if more := m.Changes - len(m.Top); more > 0 {
		t.printf("    and %d more\n", more)
	}
	t.unread(m.Unread)
}

// unread names the domains that could not be compared, those with one cause together.
func (t textWriter) unread(list []drift.Unread) {
	domains := map[string][]string{}
	var causes []string
	for _, u := range list {
		if domains[u.Cause] == nil {
			causes = append(causes, u.Cause)
		}
		domains[u.Cause] = append(domains[u.Cause], u.Domain)
	}
	for _, cause := range causes {
		t.printf("  %s %s: %s\n", warn("not compared:"), Escape(strings.Join(domains[cause], ", ")), Escape(cause))
	}
}

func (t textWriter) change(c *drift.Change) {
	t.printf("    %-8s  %s  %s", c.Severity, Escape(c.Domain+"/"+c.Key), short(c.Text()))
	if c.NewSource != nil {
		t.printf("%s", from(c.NewSource))
	} else if c.OldSource != nil {
		t.printf("%s", from(c.OldSource))
	}
	t.printf("\n")
}

func (t textWriter) momentVerdict(v *audit.MomentVerdict) {
	t.printf("  %s  %s\n", resultWord(v.Result), counts(v.Counts))
	for _, c := range v.Turned {
		t.printf("    %s  %s -> %s\n", Escape(c.ID), turnedFrom(c.Old), turnedTo(c.New))
	}
}

func turnedFrom(j *audit.Judgement) string {
	if j == nil {
		return "not there"
	}
	return resultWord(j.Status)
}

func turnedTo(j *audit.Judgement) string {
	if j == nil {
		return "not there"
	}
	return strings.TrimSpace(resultWord(j.Status) + " " + string(j.Severity) + " " + short(j.Message))
}
