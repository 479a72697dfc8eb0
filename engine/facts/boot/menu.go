package boot

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

// menu is GRUB's menu or one of its submenus.
type menu struct {
	items []*item
}

// item is one line of a menu.
type item struct {
	entry facts.BootEntry
	sub   *menu // of a submenu
	maybe bool  // only a running GRUB knows whether it is there
	linux bool
	index int // in facts.Boot.Entries; -1 when it starts no kernel
}

// menuEntry adds an item, and runs its block to see what it boots.
func (m *machine) menuEntry(kind string, args []string, c command) error {
	it := &item{maybe: m.unsure > 0, index: -1, entry: facts.BootEntry{Source: m.source(c), Args: []facts.BootArg{}}}
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "--id" || a == "--class" || a == "--users" || a == "--hotkey" || a == "--source":
			if i++; a == "--id" && i < len(args) {
				it.entry.ID = args[i]
			}
		case strings.HasPrefix(a, "--id="):
			it.entry.ID = strings.TrimPrefix(a, "--id=")
		case a == "--unrestricted":
			it.entry.Unrestricted = true
		case strings.HasPrefix(a, "--"):
		case it.entry.Title == "":
			it.entry.Title = a
		}
	}
	if err := m.add(it); err != nil {
		return err
	}
	unsure := m.unsure
	m.unsure = 0
	defer func() { m.unsure = unsure }()
	if kind == "submenu" {
		outer := m.menu
		it.sub = &menu{}
		m.menu = it.sub
		defer func() { m.menu = outer }()
		return m.run(c.block)
	}
	vars := m.vars
	m.vars = map[string]value{} // an entry's variables end with it
	for name, v := range vars {
		m.vars[name] = v
	}
	m.entry = it
	defer func() { m.entry, m.vars = nil, vars }()
	return m.run(c.block)
}

// add puts an item into the menu at hand.
func (m *machine) add(it *item) error {
	if m.items++; m.items > maxEntries {
		return binread.Limit("%s: more than %d menu entries", m.path, maxEntries)
	}
	m.menu.items = append(m.menu.items, it)
	return nil
}

// linux runs the command that loads a kernel. With Xen that is the first module.
func (m *machine) linux(name string, args []string, c command) error {
	if m.entry == nil || len(args) == 0 || strings.HasPrefix(name, "multiboot") {
		return nil
	}
	if m.entry.linux && strings.HasPrefix(name, "module") {
		if m.entry.entry.Initrd == "" {
			m.entry.entry.Initrd = kernelPath(m.s, args[len(args)-1])
		}
		return nil
	}
	e := facts.BootEntry{
		Title: m.entry.entry.Title, ID: m.entry.entry.ID, Initrd: m.entry.entry.Initrd, Unrestricted: m.entry.entry.Unrestricted, Source: m.line(c),
	}
	line, err := m.cmdline(c.words[1:])
	if err != nil {
		m.problem(m.path, c.line, err)
	}
	parts := line.args()
	if len(parts) == 0 {
		return nil
	}
	kernel := args[0]
	e.Kernel, e.Args = kernelPath(m.s, kernel), parts[1:]
	e.Kind = entryKind(e.Title, e.ID, e.Args)
	if m.entry.linux && m.unsure > 0 && (arguments(&e) != arguments(&m.entry.entry) || e.Kernel != m.entry.entry.Kernel) {
		m.problem(m.path, c.line, errors.New("which of several kernels the entry loads depends on what only a running GRUB knows"))
	}
	m.entry.entry, m.entry.linux = e, !strings.Contains(kernel, "/memtest86")
	return nil
}

// cmdline is the words of a command as GRUB hands them to the kernel.
func (m *machine) cmdline(words []word) (*cmdline, error) {
	line := &cmdline{}
	var err error
	for _, w := range words {
		for _, p := range w {
			if !p.isVar {
				line.add(quoteSpaces(p), nil)
				continue
			}
			v := m.lookup(p.text)
			if v.unknown {
				err = fmt.Errorf("$%s is not known before GRUB runs", p.text)
			}
			source := &v.source
			if v.source.Line == 0 {
				source = nil
			}
			line.add(quoteSpaces(piece{text: v.text, quoted: p.quoted}), source)
		}
		line.add(" ", nil)
		if len(line.text) > maxValue {
			return line, binread.Limit("command line of more than %d bytes", maxValue)
		}
	}
	return line, err
}

// quoteSpaces puts the quotes back that keep a word with spaces together, as GRUB does.
func quoteSpaces(p piece) string {
	if p.quoted && strings.ContainsAny(p.text, " \t") {
		return `"` + p.text + `"`
	}
	return p.text
}

// line is the source of a command with its text.
func (m *machine) line(c command) facts.Source {
	source := m.source(c)
	if c.line > 0 && c.line <= len(m.lines) {
		source.Text = strings.TrimSpace(m.lines[c.line-1])
	}
	return source
}

// blscfg adds the entries of the Boot Loader Specification.
func (m *machine) blscfg() error {
	if m.bls {
		return nil // it adds no entry twice
	}
	m.bls = true
	for _, b := range readEntries(m.s, nil) {
		if err := b.expand(m.vars); err != nil {
			m.problem(b.entry.Source.Path, b.entry.Source.Line, err)
		}
		if err := m.add(&item{entry: b.entry, linux: !b.noKernel, index: -1, maybe: m.unsure > 0}); err != nil {
			return err
		}
	}
	return nil
}

// result flattens the menu and finds what it starts without a user.
func (m *machine) result(path string) *facts.Boot {
	b := &facts.Boot{Loader: "grub2", Entries: []facts.BootEntry{}, Default: -1}
	flatten(m.menu, b)
	v := m.vars["default"]
	switch {
	case v.unknown:
		b.Why = "the default depends on what only a running GRUB knows"
	case v.env != "":
		b.Why = "grubenv " + v.env + "=" + v.text
	case v.text != "":
		b.Why = "set default=" + v.text
	default:
		b.Why = "no default is set"
	}
	it, note := m.menu.choose(v.text, v.unknown)
	b.Why += note
	switch {
	case it != nil && it.index >= 0:
		b.Default = it.index
	case it != nil:
		b.Why += ", which starts no Linux kernel"
	default:
		m.problem(path, v.source.Line, errors.New("default entry: "+b.Why))
	}
	return b
}

func flatten(m *menu, b *facts.Boot) {
	for _, it := range m.items {
		if it.sub != nil {
			flatten(it.sub, b)
		} else if it.linux {
			it.index = len(b.Entries)
			b.Entries = append(b.Entries, it.entry)
		}
	}
}

// choose returns the item that a value of default names: a number, a title or an id, and behind ">" the same within a
// submenu. What names nothing is the first item (GNU GRUB manual 2.12, section 16.1.5). It is nil when only a running
// GRUB knows.
func (m *menu) choose(name string, isUnknown bool) (it *item, note string) {
	if isUnknown {
		return nil, ""
	}
	first, rest := cutPath(name)
	at, sure := m.find(first)
	if !sure {
		return nil, ", and whether an entry before it is there only a running GRUB knows"
	}
	if at < 0 {
		at = 0
		if first != "" {
			note = ", which names no entry"
		}
		note += ": the first"
	}
	if at >= len(m.items) {
		return nil, note + ", and the menu is empty"
	}
	if m.items[at].maybe {
		return nil, note + ", and whether that is there only a running GRUB knows"
	}
	if m.items[at].sub == nil {
		return m.items[at], note
	}
	it, more := m.items[at].sub.choose(rest, false)
	return it, note + more
}

// find returns the index that name means, or -1; it is not sure when an item counted may be missing.
func (m *menu) find(name string) (at int, sure bool) {
	n, err := strconv.Atoi(strings.TrimSpace(name))
	isNumber := err == nil && n >= 0
	for i, it := range m.items {
		if isNumber && i == n || !isNumber && name != "" && (it.entry.ID == name || it.entry.Title == name) {
			return i, true
		}
		if it.maybe && isNumber {
			return -1, false
		}
	}
	return -1, true
}

// cutPath cuts at the first ">" that is not doubled.
func cutPath(name string) (first, rest string) {
	for i := 0; i < len(name); i++ {
		if name[i] != '>' {
			continue
		}
		if i+1 < len(name) && name[i+1] == '>' {
			i++
			continue
		}
		return strings.ReplaceAll(name[:i], ">>", ">"), name[i+1:]
	}
	return strings.ReplaceAll(name, ">>", ">"), ""
}

func absentOr(err error) truth {
	if errors.Is(err, fs.ErrNotExist) {
		return no
	}
	return unknown
}
