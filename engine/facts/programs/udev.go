package programs

import (
	"regexp"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxRuleFiles = 5000
	maxRule      = 16 << 10 // bytes of one rule, as udev has it
)

// ruleDirs hold udev's rules, highest priority first (udev(7), "RULES FILES").
var ruleDirs = []string{"/etc/udev/rules.d", "/run/udev/rules.d", "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d"}

// runs finds the keys of a rule that run a program: RUN without braces or with {program}, PROGRAM, and IMPORT{program}.
var runs = regexp.MustCompile(`(?:^|[\s,])(RUN(?:\{program\})?|PROGRAM|IMPORT\{program\})\s*(?:[+:=]?=)\s*e?"((?:[^"\\]|\\.)*)"`)

// udev adds what the rules in force run.
func (c *collector) udev() {
	for i, file := range c.s.DropIns(".rules", ruleDirs...) {
		if i == maxRuleFiles {
			c.s.Problem(file.Path, 0, binread.Limit("more than %d files of rules; the rest is not read", maxRuleFiles))
			return
		}
		if !file.Masked {
			c.rules(file.Path)
		}
	}
}

// rules reads one file. A backslash at the end of a line continues the rule on the next.
func (c *collector) rules(file string) {
	var pending strings.Builder
	first := 0
	rule := func(n int, text string) {
		if !strings.Contains(text, "RUN") && !strings.Contains(text, "PROGRAM") && !strings.Contains(text, "IMPORT{program}") {
			return
		}
		for _, m := range runs.FindAllStringSubmatch(text, -1) {
			setting, _, _ := strings.Cut(m[1], "{")
			at := facts.At(file, n, facts.Redact(strings.TrimSpace(text)))
			c.rule(facts.Program{Kind: "udev", Setting: setting, Starts: "trigger", User: "root", Source: at}, m[2])
		}
	}
	err := c.s.Lines(file, func(n int, text string) {
		trimmed := strings.TrimSpace(text)
		if strings.HasPrefix(trimmed, "#") {
			return // also between the lines of one rule
		}
		if pending.Len() == 0 {
			first = n
		}
		if pending.Len()+len(text) > maxRule {
			c.s.Problem(file, first, binread.Limit("rule of more than %d bytes", maxRule))
			pending.Reset()
			return
		}
		before, more := strings.CutSuffix(text, `\`)
		pending.WriteString(before)
		if !more {
			rule(first, pending.String())
			pending.Reset()
		}
	})
	rule(first, pending.String())
	if err != nil {
		c.s.Problem(file, 0, err)
	}
}

// rule adds the program of one key. One without a slash is in udev's own directory.
func (c *collector) rule(p facts.Program, command string) {
	if command != "" && command[0] != '/' {
		command = "/usr/lib/udev/" + command
	}
	c.command(p, command, 0)
}
