package report

import (
	"bufio"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

const maxRead = 20 // files that facts were read from, in text

// ExplanationFormat is one way to write why a check came to its verdict.
type ExplanationFormat struct {
	Name  string
	Write func(w io.Writer, e *policy.Explanation) error
}

// ExplanationFormats lists the formats; the first is the default.
func ExplanationFormats() []ExplanationFormat {
	return []ExplanationFormat{
		{"text", explanationText},
		{"json", func(w io.Writer, e *policy.Explanation) error { return WriteJSON(w, e) }},
		{"yaml", func(w io.Writer, e *policy.Explanation) error { return WriteYAML(w, e) }},
	}
}

func explanationText(w io.Writer, e *policy.Explanation) error {
	t := textWriter{bufio.NewWriter(&lines{w: w})}
	f := e.Finding
	t.printf("%s is %s: %s\n", bold(Escape(f.ID)), resultWord(f.Status), EscapeText(message(f)))
	t.field("title", f.Title)
	t.field("why", e.Check.Description)
	t.field("wanted", f.Expected)
	t.field("is", f.Actual)
	if f.Status == finding.Fail {
		t.field("severity", string(f.Severity))
	}
	if len(f.Where) > 0 {
		t.printf("\nthe lines that decide\n")
		t.where(f.Where)
	}
	t.lines("note", f.Notes)
	if len(e.Facts) > 0 {
		t.printf("\nfacts used\n")
		for _, fact := range e.Facts {
			t.printf("         %s  %s\n", Escape(fact.Path), EscapeText(fact.Value))
		}
	}
	if len(e.Read) > 0 {
		t.printf("\nread from\n")
		for _, path := range e.Read[:min(len(e.Read), maxRead)] {
			t.printf("         %s\n", Escape(path))
		}
		if more := len(e.Read) - maxRead; more > 0 {
			t.printf("         and %d more, which --format json lists\n", more)
		}
	}
	if len(e.Changes) > 0 {
		t.printf("\nsmallest change of the facts that makes it pass\n")
		for _, change := range e.Changes {
			t.printf("         %s\n", EscapeText(change))
		}
	}
	if f.Fix != "" {
		t.printf("\n%s %s\n", faint("fix:"), EscapeText(f.Fix))
	}
	t.printf("%s %s\n", faint("written in"), at(f.Policy))
	return t.Flush()
}

// field is one line of a description, left out when it says nothing.
func (t textWriter) field(label, text string) {
	if text != "" {
		t.printf("  %-9s %s\n", label, EscapeText(text))
	}
}

// FindExplanation returns the format called name.
func FindExplanation(name string) (ExplanationFormat, error) {
	for _, f := range ExplanationFormats() {
		if f.Name == name {
			return f, nil
		}
	}
	return ExplanationFormat{}, fmt.Errorf("no format %q, want text, json or yaml", name)
}
