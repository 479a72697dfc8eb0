// Package report writes results for people and programs: one file per format, and one list of them.
//
// Every string that came from a guest or an image is escaped on the way out, so that no file name can forge a line of a
// report or a terminal escape. The same result gives the same bytes.
package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/guestctl/guestctl/audit"
)

// Format is one way to write a result.
type Format struct {
	Name  string
	Doc   string // one line for people
	Write func(w io.Writer, r *audit.Result) error
}

// Formats lists the formats; the first is the default.
func Formats() []Format {
	return []Format{
		{"text", "for people: expected, actual, where and how to fix it", Text},
		{"json", "guestctl.result/1, as `guestctl schema result` describes it", JSON},
		{"yaml", "the same document as YAML", YAML},
		{"ndjson", "the same data, one object per line: the run, then each guest and its checks", NDJSON},
		{"sarif", "SARIF 2.1.0 for code scanning: what failed, is waived, unknown or for people to look at", SARIF},
		{"sarif-all", "SARIF 2.1.0 with the checks that passed or do not apply", SARIFAll},
		{"junit", "JUnit XML for Jenkins and GitLab: a test for each check", JUnit},
		{"md", "Markdown for summaries of pipelines and comments", Markdown},
		{"csv", "one row per check, for spreadsheets", CSV},
	}
}

// Names lists the names of the formats.
func Names() []string {
	var names []string
	for _, f := range Formats() {
		names = append(names, f.Name)
	}
	return names
}

// Find returns the format called name.
func Find(name string) (Format, error) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
	}
	return Format{}, fmt.Errorf("no report format %q, want one of %s", name, strings.Join(Names(), ", "))
}
