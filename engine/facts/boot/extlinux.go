package boot

import (
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

// extlinux are the configurations of EXTLINUX and SYSLINUX, the first of which counts.
var extlinux = []string{"/boot/extlinux.conf", "/boot/extlinux/extlinux.conf", "/boot/syslinux/syslinux.cfg", "/boot/syslinux/extlinux.conf"}

// sysMenu is a configuration of SYSLINUX under way (doc/syslinux.txt of it).
type sysMenu struct {
	s        *facts.Scope
	path     string
	boot     *facts.Boot
	labels   []string
	fallback string // DEFAULT
	append   string // APPEND before the first LABEL
	marked   string // the label with MENU DEFAULT
	entry    *facts.BootEntry
	line     facts.Source
}

// readExtlinux reads the menu, or returns nil when the guest has none.
func readExtlinux(s *facts.Scope) *facts.Boot {
	for _, path := range extlinux {
		if !exists(s, path) {
			continue
		}
		m := &sysMenu{s: s, path: path, boot: &facts.Boot{Loader: "extlinux", Entries: []facts.BootEntry{}, Default: -1, Why: "no entries"}}
		if err := s.Lines(path, m.parseLine); err != nil {
			s.Problem(path, 0, err)
		}
		m.end()
		m.choose()
		return m.boot
	}
	return nil
}

func (m *sysMenu) parseLine(n int, text string) {
	keyword, rest, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(text, "\t", " ")), " ")
	rest = strings.TrimSpace(rest)
	at := facts.At(m.path, n, text)
	switch keyword = strings.ToUpper(keyword); keyword {
	case "LABEL":
		m.end()
		if len(m.boot.Entries) == maxEntries {
			m.s.Problem(m.path, n, binread.Limit("more than %d entries", maxEntries))
			return
		}
		m.entry, m.line = &facts.BootEntry{Title: rest, ID: rest, Args: []facts.BootArg{}, Source: at}, facts.Source{}
	case "DEFAULT":
		m.fallback = rest
	case "INCLUDE":
		m.s.Problem(m.path, n, binread.Unsupported("includes %s, which is not read by this version", rest))
	case "APPEND":
		if m.entry == nil {
			m.append = rest
			return
		}
		if m.line = at; rest == "-" {
			rest = ""
		}
		m.arguments(rest)
	case "LINUX", "KERNEL":
		if m.entry != nil {
			m.entry.Kernel = kernelPath(m.s, rest)
		}
	case "INITRD":
		if m.entry != nil {
			first, _, _ := strings.Cut(rest, ",")
			m.entry.Initrd = kernelPath(m.s, first)
		}
	case "MENU":
		m.menu(rest)
	}
}

func (m *sysMenu) menu(rest string) {
	if m.entry == nil {
		return
	}
	word, title, _ := strings.Cut(rest, " ")
	switch strings.ToUpper(word) {
	case "LABEL":
		m.entry.Title = strings.ReplaceAll(strings.TrimSpace(title), "^", "")
	case "DEFAULT":
		m.marked = m.entry.ID
	}
}

func (m *sysMenu) arguments(text string) {
	line := &cmdline{}
	line.add(text, nil)
	m.entry.Args = line.args()
	for _, a := range m.entry.Args {
		if a.Key == "initrd" && m.entry.Initrd == "" {
			first, _, _ := strings.Cut(a.Value, ",")
			m.entry.Initrd = kernelPath(m.s, first)
		}
	}
}

// end completes the entry at hand.
func (m *sysMenu) end() {
	e := m.entry
	m.entry = nil
	if e == nil || e.Kernel == "" {
		return
	}
	if m.line.Path == "" && m.append != "" {
		line := &cmdline{}
		line.add(m.append, nil)
		e.Args = line.args()
	}
	if m.line.Path != "" {
		e.Source = m.line
	}
	e.Kind = entryKind(e.Title, e.ID, e.Args)
	m.labels = append(m.labels, e.ID)
	m.boot.Entries = append(m.boot.Entries, *e)
}

// choose finds what starts without a user: MENU DEFAULT where there is a menu, else DEFAULT, else the first.
func (m *sysMenu) choose() {
	if len(m.labels) == 0 {
		return
	}
	m.boot.Default, m.boot.Why = 0, "the first entry"
	for _, name := range []string{m.fallback, m.marked} {
		for i, label := range m.labels {
			if name != "" && label == name {
				m.boot.Default, m.boot.Why = i, "default "+name
			}
		}
	}
	if m.fallback != "" && m.marked == "" && m.boot.Why == "the first entry" && !strings.HasSuffix(m.fallback, ".c32") {
		m.boot.Default, m.boot.Why = -1, "default "+m.fallback+", which is no label"
	}
}
