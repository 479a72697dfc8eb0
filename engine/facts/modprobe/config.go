package modprobe

import (
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

// config reads a file of modprobe.d(5). A backslash at the end of a line continues it, of a comment too.
func (c *collector) config(path string) error {
	pending, first := "", 0
	long := false
	err := c.s.Lines(path, func(n int, text string) {
		if pending == "" && !long {
			first = n
		}
		line, more := strings.CutSuffix(text, `\`)
		if len(pending)+len(line) > maxLine {
			pending, long = "", true
		}
		if !long {
			pending += line
		}
		if more {
			return
		}
		if long {
			c.s.Problem(path, first, binread.Limit("line of more than %d bytes", maxLine))
		} else {
			c.line(pending, facts.At(path, first, pending))
		}
		pending, long = "", false
	})
	if long {
		c.s.Problem(path, first, binread.Limit("line of more than %d bytes", maxLine))
	} else if pending != "" {
		c.line(pending, facts.At(path, first, pending))
	}
	return err
}

// line reads one line as kmod_config_parse of libkmod does.
func (c *collector) line(text string, at facts.Source) {
	command, rest := word(text)
	if text == "" || text[0] == '#' || command == "" {
		return
	}
	name, rest := word(rest)
	switch command {
	case "alias", "blacklist", "options", "install", "remove", "softdep", "weakdep":
	default:
		c.ignore(at, "begins with no word of modprobe.d")
		return
	}
	name, ok := underscores(name)
	if name == "" || !ok {
		c.ignore(at, "names no module")
		return
	}
	switch command {
	case "blacklist":
		if m := c.module(name, at); m != nil {
			m.Blacklisted = true
			m.Blacklist = append(m.Blacklist, at)
		}
	case "options":
		if m := c.module(name, at); m != nil {
			m.Options = append(m.Options, at)
		}
	case "install":
		c.addInstall(name, strings.TrimLeft(rest, "\t "), at)
	case "alias":
		if target, _ := word(rest); target == "off" && !isPattern(name) {
			if m := c.module(name, at); m != nil && m.BlockedBy == nil {
				m.Blocked, m.BlockedBy = true, &at
			}
		}
	}
}

func (c *collector) addInstall(name, command string, at facts.Source) {
	if command == "" {
		c.ignore(at, "has no command")
		return
	}
	if isPattern(name) {
		if c.patterns++; c.patterns > maxPatterns {
			c.s.Problem(at.Path, at.Line, binread.Limit("more than %d patterns", maxPatterns))
			return
		}
	} else if c.module(name, at) == nil {
		return
	}
	c.installs = append(c.installs, facts.ModuleInstall{Pattern: name, Command: command, Source: at})
}

// word cuts the first word off, as strtok(3) does with a blank and a tab.
func word(text string) (first, rest string) {
	text = strings.TrimLeft(text, "\t ")
	if i := strings.IndexAny(text, "\t "); i >= 0 {
		return text[:i], text[i+1:]
	}
	return text, ""
}

// underscores writes a name as the kernel has it, and leaves what is between brackets alone. Brackets that do not match
// are not ok.
func underscores(name string) (string, bool) {
	b := []byte(name)
	inside := false
	for i, c := range b {
		switch {
		case c == '[' && !inside:
			inside = true
		case c == ']' && !inside:
			return "", false
		case c == ']':
			inside = false
		case c == '-' && !inside:
			b[i] = '_'
		}
	}
	return string(b), !inside
}
