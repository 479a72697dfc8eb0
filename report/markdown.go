package report

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
)

const (
	maxMarkdownRows     = 500 // of one table: a comment on a pull request holds 65,536 characters
	maxMarkdownEvidence = 5   // pieces of evidence in one cell
)

// Markdown writes the result for the summary of a pipeline and for comments on changes (GitHub's flavour). Everything that is
// not a word of this program stands in code spans, in which there is no markup, no link and no mention of a person.
func Markdown(w io.Writer, r *audit.Result) error {
	dir := workingDirectory()
	m := markdownWriter{textWriter{bufio.NewWriter(&lines{w: w})}}
	m.printf("## guestctl: %s\n\n", plainWord(verdictWord(r)))
	m.body(r, dir)
	return m.Flush()
}

// workingDirectory is that of the program, or "" when nobody knows.
func workingDirectory() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	return dir
}

// body writes everything below the headline.
func (m markdownWriter) body(r *audit.Result, dir string) {
	m.printf("%s, fails on %s.\n\n", judgedBy(r.Policy), code(string(r.Policy.FailOn)))
	m.summary(r, dir)
	for _, warning := range r.Policy.Warnings {
		m.printf("- warning: %s: %s\n", code(at(warning.Position)), code(EscapeText(warning.Message)))
	}
	for _, d := range r.Policy.Disabled {
		m.printf("- disabled: %s: %s\n", code(Escape(d.ID)), code(EscapeText(d.Reason)))
	}
	if len(r.Policy.Warnings)+len(r.Policy.Disabled) > 0 {
		m.printf("\n")
	}
	for _, tg := range sections(r) {
		m.target(&tg, dir)
	}
}

func judgedBy(p audit.Policy) string {
	if len(p.Files) == 0 {
		return "Judged without a baseline"
	}
	return "Judged by " + code(strings.Join(p.Files, " + ")) + ": " + count(p.Checks, "check")
}

func verdictWord(r *audit.Result) finding.Status {
	return map[audit.Verdict]finding.Status{audit.Clean: finding.Pass, audit.Findings: finding.Fail, audit.NotJudged: finding.Unknown}[r.Verdict()]
}

func plainWord(s finding.Status) string { return wordOf(s).text }

type markdownWriter struct{ textWriter }

func (m markdownWriter) summary(r *audit.Result, dir string) {
	rows := [][]string{}
	for i := range r.Targets {
		tg := &r.Targets[i]
		n := tg.Counts
		row := []string{plainWord(tg.Result), code(targetLabel(tg, dir)), code(EscapeText(systemName(tg.OS)))}
		for _, v := range []int{n.Passed, n.Failed, n.Unknown, n.Waived, n.NotApplicable + n.Manual} {
			row = append(row, ifJudged(tg, strconv.Itoa(v)))
		}
		rows = append(rows, append(row, ifJudged(tg, decimal(tg.Coverage)+" %")))
	}
	m.table([]string{"result", "guest", "system", "passed", "failed", "unknown", "waived", "other", "facts read"}, rows)
}

// ifJudged is s, or nothing for an image in which there was nothing to count.
func ifJudged(tg *audit.Target, s string) string {
	if tg.Error != "" {
		return ""
	}
	return s
}

// table writes rows whose cells are escaped. What is left out is counted.
func (m markdownWriter) table(columns []string, rows [][]string) {
	m.printf("| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat(" --- |", len(columns)))
	for _, row := range rows[:min(len(rows), maxMarkdownRows)] {
		m.printf("| %s |\n", strings.Join(row, " | "))
	}
	m.printf("\n")
	if more := len(rows) - maxMarkdownRows; more > 0 {
		m.printf("… and %d more, which the other formats list.\n\n", more)
	}
}

func (m markdownWriter) target(tg *audit.Target, dir string) {
	m.printf("### %s: %s\n\n", code(targetLabel(tg, dir)), plainWord(tg.Result))
	if tg.Error != "" {
		m.printf("Not judged: %s\n\n", code(EscapeText(tg.Error)))
		if tg.Hint != "" {
			m.printf("Hint: %s\n\n", code(EscapeText(tg.Hint)))
		}
	}
	m.malware(tg.Malware)
	m.states(tg)
	rest, chain := bootApart(tg)
	m.chain(tg, chain)
	for _, s := range []finding.Status{finding.Fail, finding.Unknown, finding.Waived, finding.Manual} {
		m.status(rest, s)
	}
	m.quiet(rest)
	m.problems(tg.Problems)
	for i := range tg.Frameworks {
		m.framework(&tg.Frameworks[i])
	}
}

// malware says what files were scanned for, and which of them were.
func (m markdownWriter) malware(scan *audit.Malware) {
	if scan == nil {
		return
	}
	for _, e := range scan.Engines {
		m.printf("- engine %s: %s\n", code(Escape(e.Name)), code(strings.Join(describeEngine(e), " · ")))
		for _, w := range e.Warnings {
			m.printf("- problem of %s: %s\n", code(Escape(e.Name)), code(EscapeText(w)))
		}
	}
	m.printf("- files: %s\n\n", code(strings.Join(describeStats(scan.Stats, strings.Clone), " · ")))
}

// status writes the checks with one status, with all that is known of each.
func (m markdownWriter) status(checks []finding.Finding, s finding.Status) {
	var rows [][]string
	for _, c := range checks {
		if c.Status != s {
			continue
		}
		lines := []string{code(EscapeText(message(c)))}
		for i, text := range details(c) {
			if i == maxMarkdownEvidence && len(c.Where) > maxMarkdownEvidence {
				lines = append(lines, fmt.Sprintf("… and %d more", len(c.Where)-maxMarkdownEvidence))
			}
			if i < maxMarkdownEvidence || i >= len(c.Where) {
				lines = append(lines, code(text))
			}
		}
		rows = append(rows, []string{string(c.Severity), code(Escape(c.ID)), strings.Join(lines, "<br>"), code(at(c.Policy))})
	}
	if len(rows) == 0 {
		return
	}
	m.printf("**%s: %d**\n\n", plainWord(s), len(rows))
	m.table([]string{"severity", "check", "found", "asked in"}, rows)
}

// quiet folds away what needs no attention.
func (m markdownWriter) quiet(checks []finding.Finding) {
	var rows [][]string
	for _, c := range checks {
		if c.Status == finding.Pass || c.Status == finding.NotApplicable {
			rows = append(rows, []string{plainWord(c.Status), code(Escape(c.ID)), code(EscapeText(message(c)))})
		}
	}
	if len(rows) == 0 {
		return
	}
	m.printf("<details><summary>%s passed or not applicable</summary>\n\n", count(len(rows), "check"))
	m.table([]string{"status", "check", "found"}, rows)
	m.printf("</details>\n\n")
}

func (m markdownWriter) problems(problems []audit.Problem) {
	if len(problems) == 0 {
		return
	}
	m.printf("**%s**\n\n", count(len(problems), "problem"))
	for _, p := range problems[:min(len(problems), maxMarkdownRows)] {
		m.printf("- %s\n", code(strings.TrimPrefix(EscapeText(p.Where)+": "+EscapeText(p.Message), ": ")))
	}
	if more := len(problems) - maxMarkdownRows; more > 0 {
		m.printf("- … and %d more, which the other formats list\n", more)
	}
	m.printf("\n")
}

func (m markdownWriter) framework(f *audit.Framework) {
	m.printf("#### %s %s\n\n", code(f.Name), code(f.Version))
	var head, counts []string
	for _, s := range audit.ControlStates() {
		head, counts = append(head, stateWord(s)), append(counts, strconv.Itoa(f.Counts[s]))
	}
	m.table(head, [][]string{counts})
	if !f.Complete {
		m.printf("%s\n\n", incomplete)
	}
	var rows [][]string
	for _, s := range audit.ControlStates() {
		for _, c := range f.Controls {
			if c.State == s && s != audit.NotCovered {
				rows = append(rows, []string{stateWord(s), code(EscapeText(c.ID)), controlChecks(c, code)})
			}
		}
	}
	m.printf("<details><summary>%s</summary>\n\n", count(len(f.Controls), "control"))
	m.table([]string{"state", "control", "checks"}, rows)
	if none := numbers(f, audit.NotCovered); len(none) > 0 {
		m.printf("Not covered: %s\n\n", code(strings.Join(none, " ")))
	}
	m.printf("</details>\n\n")
}

// code writes a text as a code span that holds in a table: a fence longer than any run of backticks in it, and its pipes
// escaped, which is what GitHub's tables ask for in code spans too. The text has no line ends.
func code(s string) string {
	if s == "" {
		return ""
	}
	run, longest := 0, 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if longest > 0 || strings.Trim(s, " ") == "" {
		s = " " + s + " " // one space on each side is not part of the text
	}
	return fence + strings.ReplaceAll(s, "|", `\|`) + fence
}
