package report

import (
	"io"
	"os"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
)

// xmlHeader goes before a document; the library writes none.
const xmlHeader = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// JUnit writes one suite per guest and one test per check, as Jenkins and GitLab read them: a failing check is a failure, an
// unknown one an error, and what does not apply, is waived or needs a person is skipped. An image that was not judged is a
// suite with one error.
func JUnit(w io.Writer, r *audit.Result) error {
	dir, err := os.Getwd()
	if err != nil {
		dir = ""
	}
	suites := junit.Testsuites{Name: r.Tool.Name}
	for i, tg := range sections(r) {
		suite := junitSuite(r, &tg, dir)
		suite.ID = i
		suites.AddSuite(suite)
	}
	if _, err := io.WriteString(w, xmlHeader); err != nil {
		return err
	}
	return suites.WriteXML(w)
}

func junitSuite(r *audit.Result, tg *audit.Target, dir string) junit.Testsuite {
	label := targetLabel(tg, dir)
	suite := junit.Testsuite{Name: label, Time: "0"}
	if len(r.Policy.Files) > 0 {
		suite.AddProperty("policy", EscapeText(strings.Join(r.Policy.Files, ", ")))
	}
	suite.AddProperty("result", string(tg.Result))
	suite.AddProperty("coverage", decimal(tg.Coverage))
	if tg.OS != nil {
		suite.AddProperty("os", EscapeText(systemName(tg.OS)))
	}
	if tg.Error != "" {
		text := EscapeText(tg.Error)
		lines := []string{text}
		if tg.Hint != "" {
			lines = append(lines, "hint: "+EscapeText(tg.Hint))
		}
		suite.AddTestcase(junit.Testcase{
			Name: "judged", Classname: label, Time: "0", Error: junitResult(text, "not judged", lines),
		})
	}
	for _, c := range tg.Checks {
		suite.AddTestcase(junitCase(label, c))
	}
	if len(tg.Problems) > 0 {
		var lines []string
		for _, p := range tg.Problems {
			lines = append(lines, strings.TrimPrefix(EscapeText(p.Where)+": "+EscapeText(p.Message), ": "))
		}
		suite.SystemErr = &junit.Output{Data: strings.Join(lines, "\n")}
	}
	return suite
}

func junitCase(label string, c finding.Finding) junit.Testcase {
	text := EscapeText(message(c))
	test := junit.Testcase{Name: Escape(c.ID), Classname: label, Time: "0"}
	lines := append([]string{text}, details(c)...)
	switch c.Status {
	case finding.Pass:
		test.SystemOut = &junit.Output{Data: strings.Join(lines, "\n")}
	case finding.Fail:
		test.Failure = junitResult(text, string(c.Severity), append(lines, askedIn(c)...))
	case finding.NotApplicable, finding.Waived, finding.Manual:
		test.Skipped = &junit.Result{Message: string(c.Status) + ": " + text, Data: strings.Join(details(c), "\n")}
	default:
		test.Error = junitResult(text, string(c.Status), append(lines, askedIn(c)...))
	}
	return test
}

// askedIn is the line about the policy that asks for a check; there is none where no policy does.
func askedIn(c finding.Finding) []string {
	if c.Policy.File == "" {
		return nil
	}
	return []string{"policy: " + at(c.Policy)}
}

func junitResult(message, kind string, lines []string) *junit.Result {
	return &junit.Result{Message: message, Type: kind, Data: strings.Join(lines, "\n")}
}
