package sudoers

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

// spec is one rule before its aliases are replaced.
type spec = facts.SudoRule

// alias is what a name stands for.
type alias struct {
	members []string
}

var aliasStart = regexp.MustCompile(`^(User|Host|Runas|Cmnd|Cmd)_Alias[ \t]`)

// aliasKind returns the kind of an alias line, or "".
func aliasKind(text string) string {
	m := aliasStart.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return strings.Replace(m[1], "Cmd", "Cmnd", 1)
}

var aliasName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// aliasLine reads "User_Alias NAME = a, b : NAME = c".
func (r *reader) aliasLine(text string) error {
	kind := aliasKind(text)
	l := lexer{text: text[strings.IndexAny(text, " \t"):]}
	for {
		l.commands = false
		name, err := l.word()
		if err != nil {
			return err
		}
		if !aliasName.MatchString(name) || name == "ALL" {
			return fmt.Errorf("%q is no name of an alias", name)
		}
		if !l.take('=') && !strings.HasPrefix(l.text, "+=") {
			return fmt.Errorf("want = after alias %s", name)
		}
		l.text = strings.TrimPrefix(l.text, "+=")
		l.commands = kind == "Cmnd"
		members, err := l.names()
		if err != nil {
			return err
		}
		if _, again := r.aliases[kind+name]; again {
			return fmt.Errorf("alias %s is defined again", name)
		}
		r.aliases[kind+name] = alias{members}
		if !l.take(':') {
			return l.end()
		}
	}
}

// end wants nothing more.
func (l *lexer) end() error {
	if l.skip(); l.text != "" {
		return fmt.Errorf("%q where the statement should end", short(l.text))
	}
	return nil
}

// opposites are the tags by the pair they belong to.
var opposites = map[string]string{
	"NOPASSWD": "PASSWD", "PASSWD": "NOPASSWD", "NOEXEC": "EXEC", "EXEC": "NOEXEC", "SETENV": "NOSETENV", "NOSETENV": "SETENV",
	"LOG_INPUT": "NOLOG_INPUT", "NOLOG_INPUT": "LOG_INPUT", "LOG_OUTPUT": "NOLOG_OUTPUT", "NOLOG_OUTPUT": "LOG_OUTPUT",
	"MAIL": "NOMAIL", "NOMAIL": "MAIL", "FOLLOW": "NOFOLLOW", "NOFOLLOW": "FOLLOW", "INTERCEPT": "NOINTERCEPT", "NOINTERCEPT": "INTERCEPT",
}

var (
	tagStart    = regexp.MustCompile(`^([A-Z_]+)[ \t]*:`)
	optionStart = regexp.MustCompile(`^(ROLE|TYPE|PRIVS|LIMITPRIVS|TIMEOUT|NOTBEFORE|NOTAFTER|CWD|CHROOT|APPARMOR_PROFILE)[ \t]*=[ \t]*("[^"]*"|(?:\\.|[^\\ \t,])+)`)
	digest      = regexp.MustCompile(`^sha(?:224|256|384|512)[ \t]*:[ \t]*[0-9A-Za-z+/=]+[ \t]*,?[ \t]*`)
)

// userSpec reads "users hosts = commands : hosts = commands".
func (r *reader) userSpec(text string, at facts.Source) error {
	l := lexer{text: text}
	users, err := l.names()
	if err != nil {
		return err
	}
	for {
		l.commands = false
		hosts, err := l.names()
		if err != nil {
			return err
		}
		if !l.take('=') {
			return fmt.Errorf("want = after the hosts, found %q", short(l.text))
		}
		specs, err := l.commandSpecs()
		if err != nil {
			return err
		}
		for _, s := range specs {
			s.Users, s.Hosts, s.Source = users, hosts, at
			r.specs = append(r.specs, s)
		}
		if !l.take(':') {
			return l.end()
		}
	}
}

// commandSpecs takes commands off. Target users, tags and options hold for the commands behind them too; commands with
// the same ones are one rule.
func (l *lexer) commandSpecs() ([]spec, error) {
	var all []spec
	now := spec{Tags: []string{}}
	l.commands = true
	for {
		fresh, err := l.prefix(&now)
		if err != nil {
			return nil, err
		}
		command, err := l.member()
		if err != nil {
			return nil, err
		}
		if fresh || len(all) == 0 {
			now.Commands = nil
			all = append(all, now)
		}
		last := &all[len(all)-1]
		last.Commands = append(last.Commands, command)
		if !l.take(',') {
			return all, nil
		}
	}
}

// prefix takes what stands before a command off, and reports whether it changed what holds.
func (l *lexer) prefix(now *spec) (bool, error) {
	changed := false
	if l.take('(') {
		if err := l.runas(now); err != nil {
			return false, err
		}
		changed = true
	}
	for {
		l.skip()
		if m := optionStart.FindStringSubmatch(l.text); m != nil {
			options := map[string]string{}
			for k, v := range now.Options {
				options[k] = v
			}
			options[m[1]] = strings.Trim(m[2], `"`)
			now.Options, changed = options, true
			l.text = l.text[len(m[0]):]
			continue
		}
		if m := tagStart.FindStringSubmatch(l.text); m != nil && opposites[m[1]] != "" {
			if !slices.Contains(now.Tags, m[1]) {
				tags := slices.DeleteFunc(slices.Clone(now.Tags), func(t string) bool { return t == opposites[m[1]] })
				now.Tags, changed = append(tags, m[1]), true
			}
			l.text = l.text[len(m[0]):]
			continue
		}
		d := digest.FindString(l.text)
		if d == "" {
			return changed, nil
		}
		l.text = l.text[len(d):]
	}
}

// runas takes "users : groups)" off.
func (l *lexer) runas(now *spec) error {
	l.commands = false
	defer func() { l.commands = true }()
	now.Runas, now.RunasGroups = []string{}, nil
	if l.skip(); !strings.HasPrefix(l.text, ":") && !strings.HasPrefix(l.text, ")") {
		users, err := l.names()
		if err != nil {
			return err
		}
		now.Runas = users
	}
	if l.take(':') {
		now.RunasGroups = []string{}
		if l.skip(); !strings.HasPrefix(l.text, ")") {
			groups, err := l.names()
			if err != nil {
				return err
			}
			now.RunasGroups = groups
		}
	}
	if !l.take(')') {
		return fmt.Errorf("want ) after the target users, found %q", short(l.text))
	}
	return nil
}

// finish replaces the aliases, which may be defined behind their use.
func (r *reader) finish() {
	for _, s := range r.specs {
		s.Users = r.expand("User", s.Users, s.Source)
		s.Hosts = r.expand("Host", s.Hosts, s.Source)
		s.Runas = r.expand("Runas", s.Runas, s.Source)
		s.RunasGroups = r.expand("Runas", s.RunasGroups, s.Source)
		s.Commands = r.expand("Cmnd", s.Commands, s.Source)
		if r.full {
			break
		}
		r.out.Rules = append(r.out.Rules, s)
	}
	kinds := map[string]string{"user": "User", "host": "Host", "runas": "Runas", "command": "Cmnd"}
	for _, d := range r.scoped {
		d.Names = r.expand(kinds[d.Scope], d.Names, d.Source)
		r.out.Scoped = append(r.out.Scoped, d)
	}
}

func (r *reader) expand(kind string, names []string, at facts.Source) []string {
	if names == nil {
		return nil
	}
	out := []string{}
	r.into(&out, kind, names, false, at, nil)
	return out
}

// into adds the members of names to out; open are the aliases on the way here.
func (r *reader) into(out *[]string, kind string, names []string, not bool, at facts.Source, open []string) {
	for _, name := range names {
		bare, negated := strings.CutPrefix(name, "!")
		a, ok := r.aliases[kind+bare]
		switch {
		case r.full:
			return
		case ok && slices.Contains(open, bare):
			r.s.Problem(at.Path, at.Line, fmt.Errorf("alias %s stands for itself", bare))
		case ok:
			r.into(out, kind, a.members, not != negated, at, append(slices.Clip(open), bare))
		default:
			if aliasName.MatchString(bare) && bare != "ALL" && kind != "Host" {
				r.s.Problem(at.Path, at.Line, fmt.Errorf("%s alias %s is not defined", kind, bare))
			}
			if not != negated {
				bare = "!" + bare
			}
			if r.names++; r.names > maxNames {
				r.full = true
				r.s.Problem(at.Path, at.Line, binread.Limit("more than %d names in all rules", maxNames))
			}
			*out = append(*out, bare)
		}
	}
}
