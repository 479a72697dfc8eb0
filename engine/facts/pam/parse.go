package pam

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxLine  = 1 << 14 // bytes of one rule
	maxLines = 5000    // rules of one file
)

// reader keeps the files that were read: many services include the same ones.
type reader struct {
	s     *facts.Scope
	files map[string]*file // by path; nil: could not be read
	total int
}

// file is one file of rules.
type file struct {
	path   string
	lines  []line
	broken bool
}

// line is one rule as it stands.
type line struct {
	typ      string // "" for @include, which is of all types
	optional bool
	control  string
	module   string // or the file that is included
	args     []string
	source   facts.Source
}

// load reads a file once. What is wrong with it is told once too.
func (r *reader) load(name string) *file {
	path := r.find(name)
	if f, ok := r.files[path]; ok {
		return f
	}
	f := &file{path: path}
	pending, first := "", 0
	err := r.s.Lines(path, func(n int, text string) {
		if pending == "" {
			first = n
		}
		text, _, _ = strings.Cut(strings.TrimRight(text, "\r"), "#")
		if strings.Contains(text, "\x00") || len(pending)+len(text) > maxLine {
			r.s.Problem(path, n, fmt.Errorf("line holds a NUL byte or more than %d bytes: it is not read", maxLine))
			pending, f.broken = "", true
			return
		}
		if before, more := strings.CutSuffix(text, `\`); more {
			pending += before + " "
			return
		}
		text, pending = pending+text, ""
		if strings.TrimSpace(text) == "" {
			return
		}
		l, err := parseLine(text, facts.At(path, first, strings.TrimSpace(text)))
		switch {
		case err != nil:
			r.s.Problem(path, first, err)
			f.broken = true
		case len(f.lines) == maxLines:
			r.s.Problem(path, first, binread.Limit("more than %d rules", maxLines))
			f.broken = true
		}
		if err == nil && len(f.lines) < maxLines {
			f.lines = append(f.lines, l)
		}
	})
	if pending != "" {
		r.s.Problem(path, first, errors.New("the last line is continued and nothing follows"))
	}
	if err != nil {
		r.s.Problem(path, 0, err)
		f = nil
	}
	r.files[path] = f
	return f
}

// parseLine reads "[-]type control module arguments" or "@include file".
func parseLine(text string, at facts.Source) (line, error) {
	tokens := tokenise(text)
	l := line{source: at}
	if len(tokens) == 2 && tokens[0] == "@include" {
		l.control, l.module = "include", tokens[1]
		return l, nil
	}
	typ, optional := strings.CutPrefix(strings.ToLower(tokens[0]), "-")
	if !slices.Contains(types, typ) {
		return l, fmt.Errorf("type is %q, want one of %s", tokens[0], strings.Join(types, ", "))
	}
	if len(tokens) < 3 {
		return l, errors.New("rule has no control or no module")
	}
	l.typ, l.optional, l.control, l.module, l.args = typ, optional, strings.ToLower(tokens[1]), tokens[2], tokens[3:]
	secret := false
	for i, a := range l.args {
		if name, value, ok := strings.Cut(a, "="); ok && value != "" && holdsSecret(name) {
			l.args[i], secret = name+"=***", true
		}
	}
	if secret {
		l.source.Text = strings.Join(tokens, " ")
	}
	_, _, err := actions(l.control)
	return l, err
}

// holdsSecret reports whether an argument is a password, such as those of modules that ask a database.
func holdsSecret(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "passwd") || strings.HasSuffix(name, "password") || strings.HasSuffix(name, "pw") || strings.HasSuffix(name, "secret") || strings.HasSuffix(name, "token")
}

// tokenise splits at blanks outside of [brackets], which come off except around a control.
func tokenise(text string) []string {
	var all []string
	for i := 0; i < len(text); {
		if text[i] == ' ' || text[i] == '\t' {
			i++
			continue
		}
		start := i
		if text[i] != '[' {
			for i < len(text) && text[i] != ' ' && text[i] != '\t' {
				i++
			}
			all = append(all, text[start:i])
			continue
		}
		for i < len(text) && (text[i] != ']' || text[i-1] == '\\') {
			i++
		}
		token := text[start:min(i+1, len(text))]
		if len(all) != 1 {
			token = strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(token, "["), "]"), `\]`, "]")
		}
		all = append(all, token)
		i++
	}
	return all
}

// action is what happens on one return value of a module.
type action struct {
	name string // "ok", "done", "die", "bad", "ignore", "reset" or "jump"
	jump int
}

var words = map[string]string{
	"required":   "[success=ok new_authtok_reqd=ok ignore=ignore default=bad]",
	"requisite":  "[success=ok new_authtok_reqd=ok ignore=ignore default=die]",
	"sufficient": "[success=done new_authtok_reqd=done default=ignore]",
	"optional":   "[success=ok new_authtok_reqd=ok default=ignore]",
}

// actions returns the actions of a control by return value, with "default", and its jumps.
func actions(control string) (map[string]action, map[string]int, error) {
	if control == "include" || control == "substack" {
		return nil, nil, nil
	}
	if long, ok := words[control]; ok {
		control = long
	}
	if !strings.HasPrefix(control, "[") || !strings.HasSuffix(control, "]") {
		return nil, nil, fmt.Errorf("control is %q, want a word such as required or [value=action]", control)
	}
	all := map[string]action{"default": {name: "bad"}}
	var jumps map[string]int
	for pair := range strings.FieldsSeq(strings.ReplaceAll(control[1:len(control)-1], ",", " ")) {
		value, name, ok := strings.Cut(pair, "=")
		a := action{name: name}
		if n, err := strconv.ParseUint(name, 10, 16); err == nil {
			a = action{"jump", int(n)}
			if jumps == nil {
				jumps = map[string]int{}
			}
			jumps[value] = int(n)
		} else if !slices.Contains([]string{"ok", "done", "die", "bad", "ignore", "reset"}, name) {
			ok = false
		}
		if !ok {
			return nil, nil, fmt.Errorf("control has %q, want value=action", pair)
		}
		all[value] = a
	}
	return all, jumps, nil
}
