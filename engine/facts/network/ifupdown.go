package network

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	interfaces  = "/etc/network/interfaces"
	maxNesting  = 16  // of source lines
	maxPatterns = 100 // in auto and allow-hotplug lines
)

// ifupdown reads interfaces(5): stanzas that begin with iface, auto, allow-…, source and others, whose lines a backslash
// continues. The stanza of source is replaced by the files it names.
type ifupdown struct {
	r        *reader
	files    int
	depth    int
	stanza   *facts.NetworkInterface // the iface at hand
	inet6    bool
	netmask  string
	seen     map[string]bool // options of the stanza
	all      []facts.NetworkInterface
	patterns int
	start    map[string]string // by name or pattern, "auto" or "hotplug"
}

func (r *reader) ifupdown() {
	u := &ifupdown{r: r, start: map[string]string{}}
	u.file(interfaces)
	u.end()
	for _, f := range u.all {
		f.Start = u.startOf(f.Name)
		r.add(f)
	}
}

// startOf is what the guest's auto and allow-hotplug lines say of an interface, wherever they stand.
func (u *ifupdown) startOf(name string) string {
	if how := u.start[name]; how != "" {
		return how
	}
	found := "manual"
	for pattern, how := range u.start {
		if glob, ok := strings.CutPrefix(pattern, "/"); ok && found != "auto" {
			// Only a bad pattern is an error, and that matches nothing.
			if match, err := path.Match(glob, name); match && err == nil {
				found = how
			}
		}
	}
	return found
}

func (u *ifupdown) file(name string) {
	if u.files++; u.files > maxFiles || u.depth == maxNesting {
		u.r.limit(facts.Source{Path: name}, "more than %d files, or files that source each other; the rest is not read", maxFiles)
		return
	}
	u.depth++
	defer func() { u.depth-- }()
	if err := u.r.small(name); err != nil {
		u.r.missing(name, err)
		return
	}
	pending, first := "", 0
	err := u.r.s.Lines(name, func(n int, text string) {
		if pending == "" {
			first = n
			if strings.HasPrefix(strings.TrimSpace(text), "#") {
				return
			}
		}
		if line, more := strings.CutSuffix(text, `\`); more && len(pending) < maxLine {
			pending += line + " "
			return
		}
		line := pending + text
		pending = ""
		if err := u.line(source(name, first, line), strings.Fields(line)); err != nil {
			u.r.s.Problem(name, first, err)
		}
	})
	if pending != "" {
		u.r.s.Problem(name, first, errors.New("the last line is continued and nothing follows"))
	}
	if err != nil {
		u.r.missing(name, err)
	}
}

func (u *ifupdown) line(at facts.Source, words []string) error {
	if len(words) == 0 {
		return nil
	}
	for _, word := range words {
		if len(word) > maxLine {
			return binread.Limit("word of %d bytes, want at most %d", len(word), maxLine)
		}
	}
	switch key := words[0]; {
	case key == "iface":
		u.end()
		return u.iface(at, words[1:])
	case key == "source":
		u.end()
		u.source(at, words[1:], u.file)
	case key == "source-directory" || key == "source-dir":
		u.end()
		u.source(at, words[1:], u.directory)
	case key == "auto" || strings.HasPrefix(key, "allow-"):
		u.end()
		for _, name := range words[1:] {
			if how := map[string]string{"auto": "auto", "allow-auto": "auto", "allow-hotplug": "hotplug"}[key]; how != "" && u.start[name] != "auto" {
				u.mark(at, name, how)
			}
		}
	case slices.Contains([]string{"mapping", "template", "rename", "no-auto-down", "no-scripts"}, key):
		u.end()
	case u.stanza != nil:
		return u.option(at, key, words[1:])
	}
	return nil
}

// mark notes how an interface is started. Patterns are few, since each is held against each interface.
func (u *ifupdown) mark(at facts.Source, name, how string) {
	if strings.HasPrefix(name, "/") {
		u.patterns++
	}
	if u.patterns > maxPatterns || len(u.start) == maxInterfaces {
		u.r.limit(at, "more than %d patterns, or too many names, in auto and allow lines", maxPatterns)
		return
	}
	u.start[name] = how
}

// methods are ifupdown's words, where they are not ours.
var methods = map[string]string{"bootp": "dhcp", "none": "manual"}

func (u *ifupdown) iface(at facts.Source, words []string) error {
	if len(words) == 0 {
		return errors.New("iface has no name")
	}
	f := &facts.NetworkInterface{Name: words[0], Manager: "ifupdown", Source: at}
	u.stanza, u.inet6, u.netmask, u.seen = f, false, "", map[string]bool{}
	if len(words) < 3 || words[1] == "inherits" {
		return nil // the method follows from the options, or stands in a template
	}
	method := words[2]
	if ours, ok := methods[method]; ok {
		method = ours
	}
	switch words[1] {
	case "inet":
		f.Method4 = method
	case "inet6":
		f.Method6, u.inet6 = method, true
	case "can", "x25", "ipx", "inet4":
	default:
		return fmt.Errorf("iface has the family %.40q, want inet or inet6", words[1])
	}
	return nil
}

func (u *ifupdown) option(at facts.Source, key string, words []string) error {
	f := u.stanza
	switch key {
	case "address", "netmask", "gateway":
		if len(words) == 0 {
			return fmt.Errorf("%s has no value", key)
		}
		if u.seen[key] {
			return fmt.Errorf("%s is set twice in one stanza, of which ifupdown makes one wrong value", key)
		}
		u.seen[key] = true
	}
	switch key {
	case "address":
		u.r.line(&f.Addresses, words[0], at)
	case "netmask":
		u.netmask = words[0]
	case "gateway":
		u.r.line(&f.Gateways, words[0], at)
	case "dns-nameservers", "dns-nameserver":
		for _, word := range words {
			u.r.line(&f.DNS, word, at)
		}
	case "dns-search", "dns-domain":
		for _, word := range words {
			u.r.line(&f.Search, word, at)
		}
	}
	return nil
}

// end closes the stanza at hand.
func (u *ifupdown) end() {
	f := u.stanza
	if f == nil {
		return
	}
	u.stanza = nil
	for i := range f.Addresses {
		f.Addresses[i].Value = prefixed(f.Addresses[i].Value, u.netmask)
	}
	if f.Method4 == "" && f.Method6 == "" {
		static(f)
	}
	if len(u.all) < maxInterfaces {
		u.all = append(u.all, *f)
		return
	}
	u.r.limit(f.Source, "more than %d interfaces; the rest is left out", maxInterfaces)
}

// source reads what patterns lead to, which are relative to the file they stand in.
func (u *ifupdown) source(at facts.Source, patterns []string, read func(string)) {
	for _, pattern := range patterns {
		if strings.ContainsAny(pattern, "$`~(\"'") {
			u.r.s.Problem(at.Path, at.Line, fmt.Errorf("pattern %.80q needs a shell to expand it", pattern))
			continue
		}
		if !path.IsAbs(pattern) {
			pattern = path.Join(path.Dir(at.Path), pattern)
		}
		paths := []string{path.Clean(pattern)}
		if strings.ContainsAny(pattern, "*?[") {
			paths = u.r.s.Glob(pattern)
			slices.Sort(paths)
		}
		for _, p := range paths {
			if u.files > maxFiles {
				return
			}
			if o, err := u.r.s.Stat(p); err == nil && o.IsDir() {
				u.directory(p)
				continue
			}
			read(p)
			u.end()
		}
	}
}

// directory reads the files of a directory whose names have letters, digits, "_" and "-" only, as run-parts(8) has it.
func (u *ifupdown) directory(dir string) {
	for _, e := range u.r.s.ReadDir(dir) {
		name := path.Join(dir, e.Name)
		switch {
		case e.Type.IsDir() || strings.HasPrefix(e.Name, "."):
		case strings.ContainsFunc(e.Name, odd):
			u.r.ignore(facts.Source{Path: name}, "source-directory reads names of letters, digits, _ and - only")
		case u.files > maxFiles:
			return
		default:
			u.file(name)
			u.end()
		}
	}
}

func odd(c rune) bool {
	letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	return !letter && c != '-' && c != '_'
}
