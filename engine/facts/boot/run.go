package boot

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxScript = 4 << 20 // bytes of one script
	maxFiles  = 16      // scripts that include each other, in all
	maxVars   = 10_000
	maxValue  = 64 << 10 // bytes of a variable or a command line
	maxSteps  = 500_000  // commands run
	maxLoads  = 64       // environment blocks read

	maxProblems = 100
)

// value is a variable of GRUB.
type value struct {
	text    string
	unknown bool         // only a running GRUB knows it
	source  facts.Source // of the line that set it
	env     string       // its name in grubenv, when it came from there
}

// machine runs a script as far as the menu depends on it. What only a running GRUB knows is unknown, and what depends on
// it is unsure: both branches are looked at.
type machine struct {
	s      *facts.Scope
	path   string // of the script that runs
	vars   map[string]value
	menu   *menu
	entry  *item // whose block runs; nil outside of menu entries
	unsure int   // conditions around the command that cannot be told
	lines  []string
	users  []facts.GRUBUser

	files, steps, loads, items, problems int
	bls                                  bool // blscfg ran
}

// problem records one; a script that makes too many is not run on.
func (m *machine) problem(path string, line int, err error) {
	if m.problems++; m.problems <= maxProblems {
		m.s.Problem(path, line, err)
	}
}

// unknowns are variables that GRUB or the firmware sets before the script runs.
var unknowns = []string{"grub_platform", "grub_cpu", "root", "cmdpath", "shim_lock", "lockdown", "?", "chosen"}

// grub runs the configuration in the file config. It returns nil when that makes no menu.
func grub(s *facts.Scope, config string) (*facts.Boot, error) {
	m := &machine{s: s, vars: map[string]value{}, menu: &menu{}}
	for _, name := range unknowns {
		m.vars[name] = value{unknown: true}
	}
	dir := path.Dir(config)
	m.vars["prefix"], m.vars["config_directory"] = value{text: dir}, value{text: dir}
	m.vars["config_file"] = value{text: config}
	if err := m.script(config); err != nil {
		return nil, err
	}
	if len(m.menu.items) == 0 {
		return nil, nil
	}
	b := m.result(config)
	b.GRUB = m.access(config, b)
	return b, nil
}

// script runs a file. That it is absent, or has an error, is a problem: GRUB goes on without it.
func (m *machine) script(path string) error {
	if m.files++; m.files > maxFiles {
		m.problem(path, 0, binread.Limit("more than %d scripts include each other", maxFiles))
		return nil
	}
	b, err := m.s.ReadFile(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New("is included and does not exist")
		}
		m.problem(path, 0, err)
		return nil
	}
	if len(b) > maxScript {
		m.problem(path, 0, binread.Limit("%d bytes, want at most %d", len(b), maxScript))
		return nil
	}
	list, err := parse(string(b))
	if err != nil {
		m.problem(path, 0, err)
	}
	outer, lines := m.path, m.lines
	m.path, m.lines = path, strings.Split(string(b), "\n")
	defer func() { m.path, m.lines = outer, lines }()
	return m.run(list)
}

func (m *machine) run(list []command) error {
	for _, c := range list {
		if m.steps++; m.steps > maxSteps || m.problems > maxProblems {
			return binread.Limit("%s: more than %d commands, or %d problems", m.path, maxSteps, maxProblems)
		}
		if err := m.command(c); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) command(c command) error {
	if c.branches != nil {
		return m.condition(c)
	}
	words, unknown := m.expand(c.words)
	if len(words) == 0 {
		return nil
	}
	name, args := words[0], words[1:]
	switch name {
	case "menuentry", "submenu", "hiddenentry":
		return m.menuEntry(name, args, c)
	case "set":
		for _, a := range args {
			m.assign(a, c, unknown)
		}
	case "unset":
		for _, a := range args {
			m.set(a, value{})
		}
	case "load_env":
		m.loadEnv(args)
	case "linux", "linuxefi", "linux16", "multiboot", "multiboot2", "module", "module2":
		return m.linux(name, args, c)
	case "initrd", "initrdefi", "initrd16":
		if m.entry != nil && m.entry.entry.Initrd == "" && len(args) > 0 {
			m.entry.entry.Initrd = kernelPath(m.s, args[0])
		}
	case "password", "password_pbkdf2":
		m.password(name, args, c)
	case "blscfg":
		return m.blscfg()
	case "source", ".", "configfile":
		return m.include(name, args)
	default:
		if strings.Contains(name, "=") {
			m.assign(name, c, unknown)
		}
		m.setsVariable(args)
	}
	return nil
}

// assign runs name=value. The value keeps the source of a variable it is nothing but a copy of.
func (m *machine) assign(text string, c command, unknown bool) {
	name, v, ok := strings.Cut(text, "=")
	if !ok {
		return
	}
	if name == "prefix" && strings.HasPrefix(v, "(") {
		unknown = false // of a path, the guest has no device: where GRUB's own directory is, is known without it
	}
	next := value{text: v, unknown: unknown, source: m.source(c)}
	last := c.words[len(c.words)-1]
	if n := len(last); n > 0 && last[n-1].isVar {
		if from := m.lookup(last[n-1].text); from.text == v && from.env != "" {
			next.source, next.env = from.source, from.env
		}
	}
	m.set(name, next)
}

func (m *machine) set(name string, v value) {
	if _, ok := m.vars[name]; !ok && len(m.vars) == maxVars || len(v.text) > maxValue {
		m.problem(m.path, v.source.Line, binread.Limit("more than %d variables, or one of more than %d bytes", maxVars, maxValue))
		return
	}
	if old := m.vars[name]; m.unsure > 0 && (old.unknown || old.text != v.text) {
		v.unknown = true
	}
	m.vars[name] = v
}

func (m *machine) lookup(name string) value {
	if strings.HasPrefix(name, "feature_") {
		return value{text: "y"} // of every GRUB since 2.00
	}
	return m.vars[name]
}

func (m *machine) source(c command) facts.Source {
	return facts.Source{Path: m.path, Line: c.line}
}

// setsVariable forgets what a command such as search --set=root puts into a variable.
func (m *machine) setsVariable(args []string) {
	for i, a := range args {
		name, ok := strings.CutPrefix(a, "--set=")
		if a == "--set" && i+1 < len(args) {
			name, ok = args[i+1], true
		}
		if ok {
			name, _, _ = strings.Cut(name, ":") // regexp numbers its groups
			m.set(name, value{unknown: true})
		}
	}
}

// file returns the guest's path of what GRUB calls name: it may start with a device and be below /boot.
func (m *machine) file(name string) string {
	if p := kernelPath(m.s, name); p != "" {
		return p
	}
	return "/"
}

// include runs another script.
func (m *machine) include(name string, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if m.unsure > 0 {
		m.problem(m.path, 0, fmt.Errorf("%s %s depends on what only a running GRUB knows", name, args[0]))
	}
	return m.script(m.file(args[0]))
}

// expand returns the words of a command with their variables filled in, and whether one of those is unknown. An unquoted
// variable is split at spaces, and is no word when it is empty.
func (m *machine) expand(words []word) ([]string, bool) {
	var out []string
	unknown := false
	total := 0
	for _, w := range words {
		var b strings.Builder
		isWord := false
		for _, p := range w {
			text := p.text
			if p.isVar {
				v := m.lookup(p.text)
				text, unknown = v.text, unknown || v.unknown
			}
			if total += len(text); total > maxValue {
				m.problem(m.path, 0, binread.Limit("a command of more than %d bytes", maxValue))
				return nil, true
			}
			if !p.isVar || p.quoted {
				b.WriteString(text)
				isWord = true
				continue
			}
			for i, part := range strings.Fields(text) {
				if i > 0 {
					out = append(out, b.String())
					b.Reset()
				}
				b.WriteString(part)
				isWord = true
			}
		}
		if isWord {
			out = append(out, b.String())
		}
	}
	return out, unknown
}
