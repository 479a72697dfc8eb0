package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"charm.land/lipgloss/v2"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

const (
	maxIDColumn    = 48 // characters
	maxWhereColumn = 60
)

// Text writes the result for people. It writes terminal colours always: give it a writer that drops them where they are
// not wanted.
func Text(w io.Writer, r *audit.Result) error {
	t := textWriter{bufio.NewWriter(&lines{w: w})}
	for _, warning := range r.Policy.Warnings {
		t.printf("%s %s: %s\n", faint("warning"), at(warning.Position), Escape(warning.Message))
	}
	t.assumed(r.Assumed)
	for i := range r.Targets {
		if i > 0 || len(r.Policy.Warnings) > 0 || r.Assumed != nil {
			t.printf("\n")
		}
		t.target(r, &r.Targets[i])
	}
	t.waivers(r)
	if len(r.Targets) > 1 {
		t.printf("\n%d targets: %d passed, %d failed, %d unknown\n", len(r.Targets), r.Summary.Passed, r.Summary.Failed, r.Summary.Unknown)
		for i := range r.Targets {
			tg := &r.Targets[i]
			name := targetName(tg)
			if tg.Root != nil && sameImage(r.Targets, tg.Image) {
				name += " " + Escape(tg.Root.Called())
			}
			t.printf(" %s  %s\n", resultWord(tg.Result), name)
		}
	}
	return t.Flush()
}

type textWriter struct{ *bufio.Writer }

// printf drops the error, which a bufio.Writer keeps for Flush.
func (t textWriter) printf(format string, args ...any) { _, _ = fmt.Fprintf(t, format, args...) }

func (t textWriter) target(r *audit.Result, tg *audit.Target) {
	t.printf("image     %s\n", strings.Join(describe(tg), " · "))
	if tg.Error != "" {
		t.printf("%s %s\n", bad("not judged:"), Escape(tg.Error))
		if tg.Hint != "" {
			t.printf("hint: %s\n", Escape(tg.Hint))
		}
		t.problems(tg)
		t.printf("decided 0 of %d checks\nresult %s\n", r.Policy.Checks, resultWord(tg.Result))
		return
	}
	if len(r.Policy.Files) > 0 && tg.Comparison == nil && tg.Sealed == nil { // of those no more than [backup] is judged
		t.printf("baseline  %s\n", strings.Join([]string{
			Escape(strings.Join(r.Policy.Files, " + ")), count(r.Policy.Checks, "check"),
			fmt.Sprintf("decided %d of %d", len(tg.Checks)-tg.Unknown-tg.Manual, len(tg.Checks)),
			fmt.Sprintf("facts coverage %s %%", decimal(tg.Coverage)),
		}, " · "))
	}
	for _, l := range backupLines(tg) {
		t.printf("%-9s %s\n", l.name, strings.Join(l.parts, " · "))
	}
	t.malware(tg.Malware)
	t.packages(tg.Packages)
	t.drift(tg.Drift)
	t.printf("\n")
	rest, chain := bootApart(tg)
	t.checks(rest)
	if len(chain) > 0 {
		t.printf(" boot chain: %s\n", strings.Join(describeBoot(tg.Boot), " · "))
		t.checks(chain)
		t.lines("not proven without a boot", []string{"that services start, and that the data of applications is consistent"})
	}
	for _, d := range r.Policy.Disabled {
		t.printf(" %s  %s: %s\n", faint("disabled"), Escape(d.ID), Escape(d.Reason))
	}
	t.problems(tg)
	t.frameworks(tg.Frameworks)
	t.printf("\n%s%s          result %s (fail-on: %s%s)\n", counts(tg.Counts), score(tg), resultWord(tg.Result), r.Policy.FailOn, supposed(r))
}

func (t textWriter) checks(checks []finding.Finding) {
	idWidth, sevWidth := 0, 0
	for _, c := range checks {
		idWidth = max(idWidth, utf8.RuneCountInString(Escape(c.ID)))
		if c.Status == finding.Fail {
			sevWidth = max(sevWidth, len(c.Severity))
		}
	}
	idWidth = min(idWidth, maxIDColumn)
	for _, c := range checks {
		severity := ""
		if c.Status == finding.Fail {
			severity = string(c.Severity)
		}
		t.printf(" %s  %-*s  %-*s  %s\n", statusWord(c.Status), idWidth, Escape(c.ID), sevWidth, severity, EscapeText(message(c)))
		if c.Status == finding.Pass || c.Status == finding.NotApplicable {
			t.lines("note", c.Notes)
			continue
		}
		t.where(c.Where)
		if c.Waiver != nil {
			t.lines("waiver", []string{waiver(c.Waiver)})
		}
		t.lines("note", c.Notes)
		if c.Fix != "" {
			t.lines("fix", []string{c.Fix})
		}
	}
}

// message is the sentence of a check: what was wanted and what is, unless the check says it in its own words.
func message(c finding.Finding) string {
	return cmp.Or(c.Message, c.Actual)
}

func (t textWriter) where(where []finding.Location) {
	width := 0
	for _, l := range where {
		width = max(width, utf8.RuneCountInString(at(finding.Position{File: l.Path, Line: l.Line})))
	}
	width = min(width, maxWhereColumn)
	for _, l := range where {
		line := fmt.Sprintf("         %-*s  %s", width, at(finding.Position{File: l.Path, Line: l.Line}), EscapeText(strings.TrimSpace(l.Text)))
		if l.Note != "" {
			line += "  <- " + Escape(l.Note)
		}
		t.printf("%s\n", strings.TrimRight(line, " "))
	}
}

func (t textWriter) lines(label string, texts []string) {
	for _, text := range texts {
		t.printf("       %s %s\n", faint(label+":"), EscapeText(text))
	}
}

func (t textWriter) problems(tg *audit.Target) {
	if len(tg.Problems) == 0 {
		return
	}
	t.printf("\n%s\n", warn(count(len(tg.Problems), "problem")))
	for _, p := range tg.Problems {
		t.printf("  %s\n", strings.TrimPrefix(Escape(p.Where)+": "+Escape(p.Message), ": "))
	}
}

// describe says what a target is: its name, its container, its operating system, its root.
func describe(tg *audit.Target) []string {
	parts := []string{bold(targetName(tg))}
	if tg.Disk != nil {
		size := tg.Disk.Format + ", " + Size(tg.Disk.Size) + " virtual"
		if tg.Disk.Used >= 0 {
			size += ", " + Size(tg.Disk.Used) + " used"
		}
		parts = append(parts, Escape(size))
		if len(tg.Disk.Backing) > 0 {
			parts = append(parts, "backed by "+Escape(strings.Join(tg.Disk.Backing, ", ")))
		}
		if n := len(tg.Disks); n > 1 {
			parts = append(parts, fmt.Sprintf("the first of %d disks", n))
		}
	}
	if tg.OS != nil {
		parts = append(parts, Escape(systemName(tg.OS)))
	}
	if tg.Root != nil {
		parts = append(parts, Escape(tg.Root.FSType+" on "+tg.Root.Called()))
	}
	return parts
}

// systemName is the name of an operating system and what it runs on.
func systemName(os *facts.OS) string {
	if os == nil {
		return ""
	}
	return strings.TrimSpace(cmp.Or(os.PrettyName, os.ID) + " " + os.Arch)
}

func targetName(tg *audit.Target) string { return Escape(tg.Image) }

// sameImage reports whether several targets are of one image, told apart by the device of their root.
func sameImage(targets []audit.Target, image string) bool {
	n := 0
	for i := range targets {
		if targets[i].Image == image {
			n++
		}
	}
	return n > 1
}

func at(p finding.Position) string {
	if p.Line == 0 {
		return Escape(p.File)
	}
	return fmt.Sprintf("%s:%d", Escape(p.File), p.Line)
}

func counts(c audit.Counts) string {
	parts := []string{
		fmt.Sprintf("%d passed", c.Passed), fmt.Sprintf("%d failed", c.Failed),
		fmt.Sprintf("%d unknown", c.Unknown), fmt.Sprintf("%d waived", c.Waived),
	}
	if c.NotApplicable > 0 {
		parts = append(parts, fmt.Sprintf("%d not applicable", c.NotApplicable))
	}
	if c.Manual > 0 {
		parts = append(parts, fmt.Sprintf("%d manual", c.Manual))
	}
	return strings.Join(parts, ", ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func decimal(f float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") }

// Size writes a number of bytes for people, in binary units.
func Size(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	f, u := float64(n), 0
	for f >= 1024 && u < len(units)-1 {
		f, u = f/1024, u+1
	}
	if u == 0 || f >= 100 || f == float64(int64(f)) {
		return fmt.Sprintf("%.0f %s", f, units[u])
	}
	return fmt.Sprintf("%.1f %s", f, units[u])
}

func bold(s string) string  { return lipgloss.NewStyle().Bold(true).Render(s) }
func faint(s string) string { return lipgloss.NewStyle().Faint(true).Render(s) }
func warn(s string) string  { return lipgloss.NewStyle().Foreground(lipgloss.Yellow).Render(s) }
func bad(s string) string   { return lipgloss.NewStyle().Foreground(lipgloss.Red).Bold(true).Render(s) }
func good(s string) string  { return lipgloss.NewStyle().Foreground(lipgloss.Green).Render(s) }

// word is how a status is written.
type word struct {
	text  string
	style func(string) string
}

func wordOf(s finding.Status) word {
	switch s {
	case finding.Pass:
		return word{"PASS", good}
	case finding.Fail:
		return word{"FAIL", bad}
	case finding.Unknown:
		return word{"UNKNOWN", warn}
	case finding.NotApplicable:
		return word{"N/A", faint}
	case finding.Waived:
		return word{"WAIVED", faint}
	case finding.Manual:
		return word{"MANUAL", faint}
	}
	return word{strings.ToUpper(Escape(string(s))), bad}
}

// statusWord is the status in a column of its own, in its colour.
func statusWord(s finding.Status) string {
	w := wordOf(s)
	return w.style(fmt.Sprintf("%-7s", w.text))
}

func resultWord(s finding.Status) string {
	w := wordOf(s)
	return w.style(w.text)
}
