package engine

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/filesys/overlay"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	persistenceConf = "/persistence.conf"
	maxCustom       = 256 // lines of it
)

// debianRoot makes the root of a live system of Debian, as setup_unionfs of live-boot does (9990-overlay.sh): the file systems that
// filesystem.module names, or all by name, each over the one before.
func debianRoot(m *medium) layers {
	var l layers
	text, listed, err := readOf(m.Volume, "/live/filesystem.module")
	if err != nil {
		l.problem(true, "%s:/live/filesystem.module: %v", m.Name, err)
	}
	switch {
	case listed:
		for _, name := range strings.Fields(text) {
			v := m.file(path.Join("/live", name))
			if v == nil {
				l.problem(true, "%s:/live/filesystem.module: there is no %q, or it is not one that is looked into", m.Name, name)
				continue
			}
			l.lower = append(l.lower, v)
		}
	default:
		for _, v := range m.files {
			if path.Dir(v.File) == "/live" {
				l.lower = append(l.lower, v)
			}
		}
		slices.SortFunc(l.lower, func(a, b *Volume) int { return strings.Compare(a.File, b.File) })
	}
	slices.Reverse(l.lower)
	if len(l.lower) > 0 {
		for _, v := range m.labelled("persistence") {
			l.debianPersistence(v)
		}
	}
	return l
}

// debianPersistence lays over the root what persistence.conf(5) says. A medium without that file is not used.
func (l *layers) debianPersistence(v *Volume) {
	if v.FS == nil {
		l.problem(true, "persistence on %s is not read: %v", v.Name, unreadable(v))
		return
	}
	text, ok, err := readOf(v, persistenceConf)
	if err != nil {
		l.problem(true, "%s:%s: %v", v.Name, persistenceConf, err)
	}
	if !ok {
		return
	}
	customs := parsePersistence(text)
	for _, bad := range customs.bad {
		l.problem(false, "%s:%s: %s", v.Name, persistenceConf, bad)
	}
	// the mounts are sorted by where they are, so that none hides another
	slices.SortStableFunc(customs.all, func(a, b custom) int { return strings.Compare(a.target, b.target) })
	for _, c := range customs.all {
		l.lay(v, c)
	}
}

// custom is one line of persistence.conf(5).
type custom struct {
	target, source string
	how            string // "bind", "union" or "link"
	line           int
}

type customs struct {
	all []custom
	bad []string // lines that are passed over, with why
}

var (
	unsafeTarget = regexp.MustCompile(`^[^/]|^/lib|^/run/live(/.*)?$|^/(.*/)?\.\.?(/.*)?$`)
	unsafeSource = regexp.MustCompile(`^/|^(.*/)?\.\.?(/.*)?$`)
)

// parsePersistence reads the lines as get_custom_mounts of live-boot does (9990-misc-helpers.sh).
func parsePersistence(text string) (c customs) {
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(c.all)+len(c.bad) == maxCustom {
			c.bad = append(c.bad, fmt.Sprintf("line %d: more than %d lines: the rest is not read", n, maxCustom))
			return c
		}
		one := custom{target: path.Clean(fields[0]), source: path.Clean(fields[0]), how: "bind", line: n}
		why := ""
		if unsafeTarget.MatchString(fields[0]) {
			why = fmt.Sprintf("line %d: live systems pass over %q", n, fields[0])
		}
		for _, option := range strings.FieldsFunc(strings.Join(fields[1:], ","), func(r rune) bool { return r == ',' }) {
			source, isSource := strings.CutPrefix(option, "source=")
			switch {
			case isSource && source != "." && unsafeSource.MatchString(source):
				why = fmt.Sprintf("line %d: live systems pass over the source %q", n, source)
			case isSource:
				one.source = path.Join("/", source)
			case option == "bind" || option == "union" || option == "link":
				one.how = option
			default:
				why = fmt.Sprintf("line %d: live systems pass over the option %q", n, option)
			}
		}
		if why != "" {
			c.bad = append(c.bad, why)
			continue
		}
		c.all = append(c.all, one)
	}
	return c
}

// lay lays over a directory what was written to it. Where the medium has nothing for it the boot makes it of what is there.
func (l *layers) lay(v *Volume, c custom) {
	source := c.source
	if c.how == "union" {
		source = path.Join(source, "rw")
	}
	dir, err := dirOf(v, source)
	laid := guest.Laid{Target: c.target, Source: v.Name + ":" + source, Device: v.Name}
	switch {
	case err != nil:
		laid.Unread = err.Error()
	case dir == 0:
		return
	case c.how == "link":
		laid.Unread = fmt.Sprintf("%s of %s, line %d: links into it are not made", persistenceConf, v.Name, c.line)
	case c.target == "/" && c.how == "union" && l.upper == nil:
		l.upper = &upper{v, dir}
		// the union is made a second time, of the file systems in the order of their names
		slices.SortStableFunc(l.lower, func(a, b *Volume) int { return strings.Compare(a.File, b.File) })
		return
	case c.target == "/":
		l.problem(true, "%s:%s: line %d: / is laid over in a way that is not read", v.Name, persistenceConf, c.line)
		return
	case c.how == "union":
		laid.FS, err = l.union(v, upper{v, dir}, c.target)
		if err != nil {
			laid.Unread = err.Error()
		}
	default:
		laid.FS, laid.Root = v.FS, dir
	}
	if laid.FS != nil && laid.Root == 0 {
		laid.Root = laid.FS.Root()
	}
	l.laid = append(l.laid, laid)
}

// union lays a directory over those that the layers of the root have.
func (l *layers) union(v *Volume, up upper, target string) (*overlay.FS, error) {
	over := []overlay.Layer{{Name: v.Name, FS: v.FS, Root: up.dir}}
	for _, low := range slices.SortedStableFunc(slices.Values(l.lower), func(a, b *Volume) int { return strings.Compare(a.File, b.File) }) {
		if low.FS == nil {
			continue
		}
		dir, err := dirOf(low, target)
		if err != nil {
			return nil, fmt.Errorf("%s:%s: %w", low.Name, target, err)
		}
		if dir != 0 {
			over = append(over, overlay.Layer{Name: low.Name, FS: low.FS, Root: dir})
		}
	}
	return overlay.New(over)
}
