package report

import (
	"fmt"
	"strings"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
)

// incomplete is said of frameworks whose list misses controls.
const incomplete = "The list of controls of this framework is not complete: what is not covered is more than is named here."

const frameworkWidth = 100 // characters of a line of numbers

func stateWord(s audit.ControlState) string { return strings.ReplaceAll(string(s), "_", " ") }

// numbers lists the controls with one state.
func numbers(f *audit.Framework, s audit.ControlState) []string {
	var all []string
	for _, c := range f.Controls {
		if c.State == s {
			all = append(all, EscapeText(c.ID))
		}
	}
	return all
}

// controlChecks lists the checks of a control with what each came to.
func controlChecks(c audit.Control, style func(string) string) string {
	var all []string
	for _, check := range c.Checks {
		status := "not asked"
		if check.Status != "" {
			status = plainWord(check.Status)
		}
		all = append(all, style(Escape(check.ID))+" "+status)
	}
	return strings.Join(all, ", ")
}

// frameworks writes how far a guest meets each framework: how many controls have which state, then those that are not met
// with their checks, and the numbers of the others.
func (t textWriter) frameworks(list []audit.Framework) {
	for i := range list {
		f := &list[i]
		t.printf("\nframework %s\n", bold(EscapeText(strings.TrimSpace(f.Name+" "+f.Version))))
		var counts []string
		for _, s := range audit.ControlStates() {
			counts = append(counts, fmt.Sprintf("%d %s", f.Counts[s], stateWord(s)))
		}
		t.printf("  %s: %s\n", count(len(f.Controls), "control"), strings.Join(counts, ", "))
		if !f.Complete {
			t.printf("  %s\n", warn(incomplete))
		}
		for _, s := range audit.ControlStates() {
			t.controls(f, s)
		}
	}
}

func (t textWriter) controls(f *audit.Framework, s audit.ControlState) {
	if f.Counts[s] == 0 {
		return
	}
	word := map[audit.ControlState]finding.Status{
		audit.Met: finding.Pass, audit.NotMet: finding.Fail, audit.Partly: finding.Fail, audit.ControlUnknown: finding.Unknown,
	}[s]
	label := wordOf(word).style
	if word == "" {
		label = faint
	}
	switch s {
	case audit.NotMet, audit.Partly, audit.ControlUnknown:
		for _, c := range f.Controls {
			if c.State == s {
				t.printf("  %s  %s  %s\n", label(fmt.Sprintf("%-14s", stateWord(s))), EscapeText(c.ID), controlChecks(c, plainStyle))
			}
		}
	default:
		for i, line := range wrapped(numbers(f, s), frameworkWidth) {
			name := ""
			if i == 0 {
				name = stateWord(s)
			}
			t.printf("  %s  %s\n", label(fmt.Sprintf("%-14s", name)), line)
		}
	}
}

func plainStyle(s string) string { return s }

// wrapped joins words to lines of at most width characters, or one word.
func wrapped(words []string, width int) []string {
	var lines []string
	line := ""
	for _, w := range words {
		if line != "" && len(line)+1+len(w) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + w)
	}
	return append(lines, line)
}
