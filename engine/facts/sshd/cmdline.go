package sshd

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxExpanded = 1 << 16 // bytes of a command line
	maxOptions  = 1000
)

// unitDirs are systemd's, the first goes before the others (systemd.unit(5)).
var unitDirs = []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}

// started is how the service starts the server.
type started struct {
	options []facts.SSHDOption
	config  string // of -f
}

// variable is the value of an environment variable with its place.
type variable struct {
	value string
	at    facts.Source
}

// commandLine returns the options of the service's unit, or of the start script's settings where there is no unit.
func commandLine(s *facts.Scope) started {
	for _, unit := range []string{"ssh.service", "sshd.service"} {
		if file := find(s, unit); file != "" {
			return fromUnit(s, unit, file)
		}
	}
	var l started
	for _, f := range []struct{ path, name string }{
		{"/etc/default/ssh", "SSHD_OPTS"},
		{"/etc/sysconfig/sshd", "OPTIONS"},
		{"/etc/sysconfig/ssh", "SSHD_OPTS"},
		{"/etc/conf.d/sshd", "SSHD_OPTS"},
		{"/etc/conf.d/sshd", "command_args"},
	} {
		all, err := s.Assignments(f.path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.Problem(f.path, 0, err)
		}
		if v := facts.LastAssignment(all, f.name); v != nil {
			l.add(s, strings.Fields(v.Value), *v.Source)
		}
	}
	return l
}

func find(s *facts.Scope, unit string) string {
	for _, dir := range unitDirs {
		if s.Exists(dir + "/" + unit) {
			return dir + "/" + unit
		}
	}
	return ""
}

// fromUnit reads a unit with its drop-ins and the environment they give.
func fromUnit(s *facts.Scope, unit, file string) started {
	var drops []string
	for _, dir := range unitDirs {
		drops = append(drops, dir+"/"+unit+".d")
	}
	all := read(s, file)
	for _, d := range s.DropIns(".conf", drops...) {
		if !d.Masked {
			all = append(all, read(s, d.Path)...)
		}
	}
	var start *facts.Setting
	env := map[string]variable{}
	var files []facts.Setting
	for _, set := range all {
		switch {
		case set.Section != "Service":
		case set.Key == "ExecStart" && set.Value == "":
			start = nil
		case set.Key == "ExecStart" && start == nil:
			start = &set
		case set.Key == "Environment":
			environment(env, set)
		case set.Key == "EnvironmentFile" && set.Value == "":
			files = nil
		case set.Key == "EnvironmentFile":
			files = append(files, set)
		}
	}
	for _, f := range files {
		environmentFile(s, env, f)
	}
	var l started
	if start == nil {
		return l
	}
	args, err := words(start.Value)
	if err != nil {
		s.Problem(start.Source.Path, start.Source.Line, err)
	}
	l.command(s, args, env, start.Source)
	return l
}

func read(s *facts.Scope, file string) []facts.Setting {
	all, err := s.Settings(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(file, 0, err)
	}
	return all
}

func environment(env map[string]variable, set facts.Setting) {
	args, err := words(set.Value)
	if err != nil {
		return
	}
	for _, a := range args {
		if name, value, ok := strings.Cut(a, "="); ok {
			env[name] = variable{value, set.Source}
		}
	}
}

func environmentFile(s *facts.Scope, env map[string]variable, set facts.Setting) {
	name, optional := strings.CutPrefix(set.Value, "-")
	all, err := s.Assignments(path.Clean("/" + name))
	if err != nil && (!optional || !errors.Is(err, fs.ErrNotExist)) {
		s.Problem(name, 0, err)
	}
	for _, a := range all {
		env[a.Name] = variable{a.Value, a.Source}
	}
}

// command expands the variables of a command, as systemd does: $NAME alone becomes words, ${NAME} stays in its word.
func (l *started) command(s *facts.Scope, args []string, env map[string]variable, at facts.Source) {
	if len(args) == 0 {
		return
	}
	type arg struct {
		text string
		at   facts.Source
	}
	var line []arg
	size := 0
	for _, a := range args[1:] {
		name, whole := strings.CutPrefix(a, "$")
		switch {
		case whole && !strings.HasPrefix(name, "{"):
			for _, w := range strings.Fields(env[name].value) {
				line = append(line, arg{w, env[name].at})
				size += len(w)
			}
		default:
			text, where := braces(a, env, at)
			line = append(line, arg{text, where})
			size += len(text)
		}
		if size > maxExpanded {
			s.Problem(at.Path, at.Line, binread.Limit("command line of more than %d bytes", maxExpanded))
			return
		}
	}
	for i := 0; i < len(line); {
		// An option and its value may come from two places: that of the option counts.
		next := i + 1
		for next < len(line) && line[next].at == line[i].at {
			next++
		}
		var texts []string
		for _, a := range line[i:next] {
			texts = append(texts, a.text)
		}
		if last := texts[len(texts)-1]; next < len(line) && len(last) == 2 && takesValue(last[1]) && last[0] == '-' {
			texts = append(texts, line[next].text)
			next++
		}
		l.add(s, texts, line[i].at)
		i = next
	}
}

// braces replaces ${NAME}.
func braces(text string, env map[string]variable, at facts.Source) (string, facts.Source) {
	var b strings.Builder
	for b.Len() <= maxExpanded {
		before, after, ok := strings.Cut(text, "${")
		b.WriteString(before)
		name, tail, closed := strings.Cut(after, "}")
		if !ok || !closed {
			break
		}
		if v, ok := env[name]; ok {
			b.WriteString(v.value)
			at = v.at
		}
		text = tail
	}
	return b.String(), at
}

func takesValue(flag byte) bool { return strings.IndexByte("CcEfghkopbu", flag) >= 0 }

// add reads options as sshd's main does (sshd(8)).
func (l *started) add(s *facts.Scope, args []string, at facts.Source) {
	for i := 0; i < len(args); i++ {
		flags, ok := strings.CutPrefix(args[i], "-")
		for j := 0; ok && j < len(flags); j++ {
			value := flags[j+1:]
			if takesValue(flags[j]) && value == "" && i+1 < len(args) {
				i++
				value = args[i]
			}
			if len(l.options) == maxOptions {
				s.Problem(at.Path, at.Line, binread.Limit("more than %d options", maxOptions))
				return
			}
			l.option(flags[j], value, at)
			if takesValue(flags[j]) {
				break
			}
		}
	}
}

func (l *started) option(flag byte, value string, at facts.Source) {
	o := facts.SSHDOption{Key: "-" + string(rune(flag)), Source: at}
	switch flag {
	case 'D', 'e', 'q':
		return // how it runs, not what it allows
	case 'o':
		o.Key, o.Value = keywordOf(value)
		o.Key = strings.ToLower(o.Key)
	case 'p':
		o.Key, o.Value = "port", value
	case 'h':
		o.Key, o.Value = "hostkey", value
	case 'c':
		o.Key, o.Value = "hostcertificate", value
	case 'g':
		o.Key, o.Value = "logingracetime", value
	case '4':
		o.Key, o.Value = "addressfamily", "inet"
	case '6':
		o.Key, o.Value = "addressfamily", "inet6"
	case 'f':
		l.config = path.Clean("/" + value)
		o.Value = value
	default:
		if takesValue(flag) {
			o.Value = value
		}
	}
	if !slices.Contains([]string{"include", "match", ""}, o.Key) {
		l.options = append(l.options, o)
	}
}
