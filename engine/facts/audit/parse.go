package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// parse makes rules of lines, and follows what auditctl -R and the kernel make of them. A line that is no rule is a
// problem: auditctl stops there unless -i or -c told it to go on.
func parse(s *facts.Scope, lines []line) []facts.AuditRule {
	rules := []facts.AuditRule{}
	stopped, goesOn := false, false
	problems := 0
	for _, l := range lines {
		r, err := parseRule(l.text)
		if err != nil {
			if problems++; problems <= maxProblems {
				s.Problem(l.at.Path, l.at.Line, err)
			}
			stopped = stopped || !goesOn
			continue
		}
		r.Source = facts.At(l.at.Path, l.at.Line, l.text)
		r.InForce = !stopped
		switch {
		case stopped:
		case r.Option == "-i" || r.Option == "-c":
			goesOn = true
		case r.Option == "-D" && r.Value == "":
			for i := range rules {
				if rules[i].Kind != "control" {
					rules[i].InForce = false
				}
			}
		case r.Option == "-e" && r.Value == "2":
			stopped = true // the kernel takes nothing more
		}
		rules = append(rules, r)
	}
	return rules
}

// controls are the options that are no rule, with whether they have a value.
var controls = map[string]bool{
	"-b": true, "-c": false, "-e": true, "-f": true, "-i": false, "-q": true, "-r": true, "-s": false, "-t": false, "-v": false,
	"-W": true, "-R": true, "-m": true, "-l": false,
	"--backlog_wait_time": true, "--reset-lost": false, "--reset_backlog_wait_time_actual": false, "--loginuid-immutable": false,
	"--signal": true,
}

// words splits a line at blanks outside of quotes.
func words(text string) []string {
	var all []string
	var b strings.Builder
	var quote byte
	isWord := false
	for i := range len(text) {
		c := text[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, isWord = c, true
		case quote == 0 && c == ' ':
			if isWord {
				all = append(all, b.String())
			}
			b.Reset()
			isWord = false
		default:
			b.WriteByte(c)
			isWord = true
		}
	}
	if isWord {
		all = append(all, b.String())
	}
	return all
}

// parseRule reads one line as setopt of auditctl does.
func parseRule(text string) (facts.AuditRule, error) {
	p := ruleParser{args: words(text)}
	for len(p.args) > 0 {
		option := p.args[0]
		p.args = p.args[1:]
		if err := p.option(option); err != nil {
			return facts.AuditRule{}, err
		}
	}
	return p.finish()
}

type ruleParser struct {
	args    []string
	rule    facts.AuditRule
	isWatch bool // -w
	deletes bool
}

// value takes the argument of an option.
func (p *ruleParser) value(option string) (string, error) {
	if len(p.args) == 0 {
		return "", fmt.Errorf("%s has no value", option)
	}
	v := p.args[0]
	p.args = p.args[1:]
	return v, nil
}

func (p *ruleParser) option(option string) error {
	if option == "-D" {
		p.rule.Kind, p.rule.Option = "control", option
		return nil
	}
	if hasValue, ok := controls[option]; ok {
		p.rule.Kind, p.rule.Option = "control", option
		if hasValue && len(p.args) > 0 {
			p.rule.Value, p.args = p.args[0], p.args[1:]
		} else if hasValue && option != "-m" {
			return fmt.Errorf("%s has no value", option)
		}
		return nil
	}
	if !slices.Contains([]string{"-a", "-A", "-d", "-w", "-p", "-k", "-S", "-F", "-C"}, option) {
		return fmt.Errorf("%q is no option of auditctl", option)
	}
	v, err := p.value(option)
	if err != nil {
		return err
	}
	switch option {
	case "-a", "-A", "-d":
		p.deletes = option == "-d"
		p.rule.Prepend = option == "-A"
		return p.list(v)
	case "-w":
		p.isWatch = true
		p.setPath(v)
	case "-p":
		return p.perm(v)
	case "-k":
		p.rule.Keys = append(p.rule.Keys, v)
	case "-S":
		p.rule.Syscalls = append(p.rule.Syscalls, strings.Split(v, ",")...)
	case "-F":
		return p.field(v, false)
	case "-C":
		return p.field(v, true)
	}
	return nil
}

// list reads "exit,always" in either order.
func (p *ruleParser) list(v string) error {
	for word := range strings.SplitSeq(v, ",") {
		switch word {
		case "always", "never", "possible":
			p.rule.Action = word
		case "exit", "user", "exclude", "filesystem", "task", "entry", "io_uring":
			p.rule.List = word
		default:
			return fmt.Errorf("%q is no list and no action", word)
		}
	}
	if p.rule.Action == "" || p.rule.List == "" {
		return fmt.Errorf("%q lacks a list or an action", v)
	}
	return nil
}

func (p *ruleParser) setPath(path string) {
	trimmed := strings.TrimRight(path, "/")
	if trimmed == "" {
		trimmed = "/"
	}
	p.rule.Path, p.rule.IsDir = trimmed, p.rule.IsDir || path != trimmed || path == "/"
}

func (p *ruleParser) perm(v string) error {
	p.rule.Perm = ""
	for _, letter := range "rwxa" {
		if strings.ContainsRune(strings.ToLower(v), letter) {
			p.rule.Perm += string(letter)
		}
	}
	if v == "" || strings.Trim(strings.ToLower(v), "rwxa") != "" {
		return fmt.Errorf("permissions %q are not some of rwxa", v)
	}
	return nil
}

// finish completes the rule and tells what kind it is.
func (p *ruleParser) finish() (facts.AuditRule, error) {
	r := p.rule
	slices.Sort(r.Syscalls)
	r.Syscalls = slices.Compact(r.Syscalls)
	switch {
	case r.Kind == "control":
		if len(r.Keys) > 0 { // -D -k key
			r.Value, r.Keys = r.Keys[0], nil
		}
		return r, nil
	case p.isWatch && r.Action != "":
		return r, fmt.Errorf("-w and -a in one rule")
	case p.isWatch:
		r.Action, r.List = "always", "exit"
		if r.Perm == "" {
			r.Perm = "rwxa"
		}
	case r.Action == "":
		return r, fmt.Errorf("line is no rule: neither -a nor -w")
	}
	r.Kind = "syscall"
	if r.Path != "" && r.List == "exit" && (len(r.Syscalls) == 0 || slices.Equal(r.Syscalls, []string{"all"})) {
		r.Kind, r.Syscalls = "watch", nil
		if r.Perm == "" {
			r.Perm = "rwxa" // the same as any access
		}
	}
	if p.deletes {
		r.Kind, r.Option = "control", "-d"
	}
	return r, nil
}
