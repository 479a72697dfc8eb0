package units

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxObjects = 50_000 // unit files and links that are looked at
	maxDropIns = 1_000  // drop-ins of one unit
	maxFollow  = 64     // aliases behind each other, as systemd has it
)

// class is what a directory of the search path is for.
type class int

const (
	vendor class = iota
	config
	runtime
	generated
	transient
)

// place is one directory of the search path.
type place struct {
	dir   string
	class class
}

// searchPath is where systemd looks for system units, highest priority first (systemd.unit(5), table 1).
var searchPath = []place{
	{"/etc/systemd/system.control", vendor}, // systemctl is-enabled does not count its links
	{"/run/systemd/system.control", runtime},
	{"/run/systemd/transient", transient},
	{"/run/systemd/generator.early", generated},
	{"/etc/systemd/system", config},
	{"/etc/systemd/system.attached", vendor},
	{"/run/systemd/system", runtime},
	{"/run/systemd/system.attached", runtime},
	{"/run/systemd/generator", generated},
	{"/usr/local/lib/systemd/system", vendor},
	{"/usr/lib/systemd/system", vendor},
	{"/lib/systemd/system", vendor},
	{"/run/systemd/generator.late", generated},
}

// object is one name in the search path.
type object struct {
	dir    int // index in tree.dirs
	path   string
	typ    fs.FileMode
	target string // of a link, as it stands
}

func (o object) isLink() bool { return o.typ&fs.ModeSymlink != 0 }

// dest is where a link leads, as a path of the guest that may hold links itself.
func (o object) dest() string {
	if path.IsAbs(o.target) {
		return path.Clean(o.target)
	}
	return path.Join(path.Dir(o.path), o.target)
}

func (o object) source() *facts.Source {
	at := &facts.Source{Path: o.path}
	if o.isLink() {
		at.Text = "-> " + o.target
	}
	return at
}

// dependency is one entry of a directory such as multi-user.target.wants.
type dependency struct {
	owner, kind string // kind is "wants", "requires" or "upholds"
	name        string
	object
}

type searchDir struct {
	path     string
	resolved string // without links
	class    class
	deps     []dependency // in .wants, .requires and .upholds, of real directories
	links    []object     // beside the unit files
}

// tree is the search path as it lies in the guest.
type tree struct {
	s       *facts.Scope
	dirs    []searchDir
	units   map[string][]object // by name, highest priority first
	drops   map[string][]string // directories of drop-ins by the name before ".d", highest priority first
	aliases map[string][]string // other names by the unit's own
	objects int
	upholds bool // systemd knows UpheldBy=

	found     map[string][]string // drop-ins by the unit's name
	fragments map[string]fragment
	installs  map[string]*install
	settings  map[string][]facts.Setting
}

func newTree(s *facts.Scope) *tree {
	t := &tree{
		s: s, units: map[string][]object{}, drops: map[string][]string{}, aliases: map[string][]string{}, found: map[string][]string{},
		fragments: map[string]fragment{}, installs: map[string]*install{}, settings: map[string][]facts.Setting{},
		upholds: knowsUpheldBy(s),
	}
	seen := map[string]bool{}
	for _, d := range searchPath {
		to, err := s.Guest.Resolve(d.dir)
		switch {
		case errors.Is(err, fs.ErrNotExist) || seen[to]:
			continue
		case err != nil && !errors.Is(err, binread.ErrChecksum):
			s.Problem(d.dir, 0, err)
			continue
		}
		seen[to] = true
		t.dirs = append(t.dirs, searchDir{path: d.dir, resolved: to, class: d.class})
		t.readDir(len(t.dirs) - 1)
	}
	for _, name := range slices.Sorted(maps.Keys(t.units)) {
		if f := t.find(name); f.err == nil && f.name != name {
			t.aliases[f.name] = append(t.aliases[f.name], name)
		}
	}
	return t
}

// knowsUpheldBy reports whether the guest's systemd has UpheldBy= and directories of .upholds, as it has since version 254.
// The version is in the name of its library.
func knowsUpheldBy(s *facts.Scope) bool {
	for _, dir := range []string{"/usr/lib/systemd/", "/usr/lib64/systemd/", "/usr/lib/*/systemd/", "/lib/systemd/"} {
		for _, file := range s.Glob(dir + "libsystemd-shared-*.so") {
			version := strings.TrimPrefix(path.Base(file), "libsystemd-shared-")
			if i := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' }); i > 0 {
				n, err := strconv.Atoi(version[:i])
				return err != nil || n >= 254
			}
		}
	}
	return true
}

func (t *tree) readDir(dir int) {
	base := t.dirs[dir].path
	for _, e := range t.s.ReadDir(base) {
		file := path.Join(base, e.Name)
		suffix := path.Ext(e.Name)
		switch owner := strings.TrimSuffix(e.Name, suffix); suffix {
		case ".wants", ".requires", ".upholds":
			if suffix != ".upholds" || t.upholds {
				t.readDeps(dir, owner, suffix[1:], file)
			}
			continue
		case ".d":
			t.drops[owner] = append(t.drops[owner], file)
			continue
		}
		if !validName(e.Name) {
			continue
		}
		o, ok := t.object(dir, file, e.Type)
		if !ok {
			return
		}
		t.units[e.Name] = append(t.units[e.Name], o)
		if o.isLink() {
			t.dirs[dir].links = append(t.dirs[dir].links, o)
		}
	}
}

func (t *tree) readDeps(dir int, owner, kind, base string) {
	for _, e := range t.s.ReadDir(base) {
		if !validName(e.Name) {
			continue
		}
		o, ok := t.object(dir, path.Join(base, e.Name), e.Type)
		if !ok {
			return
		}
		t.dirs[dir].deps = append(t.dirs[dir].deps, dependency{owner, kind, e.Name, o})
	}
}

// object looks at one name. It is not ok when there were too many.
func (t *tree) object(dir int, file string, typ fs.FileMode) (object, bool) {
	if t.objects++; t.objects > maxObjects {
		if t.objects == maxObjects+1 {
			t.s.Problem(file, 0, binread.Limit("more than %d unit files and links; the rest is not looked at", maxObjects))
		}
		return object{}, false
	}
	o := object{dir: dir, path: file, typ: typ}
	if o.isLink() {
		target, err := t.s.ReadLink(file)
		if err != nil {
			t.s.Problem(file, 0, err)
		}
		o.target = target
	}
	return o, true
}

// dropIns returns the drop-ins of the unit that has the given names, in the order in which systemd reads them: those of
// the name itself, of its template, of its prefixes that end in a dash, and of all units of the type. Of files with one
// name only that of the first directory counts.
func (t *tree) dropIns(names []string) []string {
	if files, ok := t.found[names[0]]; ok || len(t.drops) == 0 {
		return files
	}
	var dirs []string
	for _, name := range names {
		dirs = append(dirs, t.dropDirs(name)...)
	}
	dirs = append(dirs, t.drops[strings.TrimPrefix(path.Ext(names[0]), ".")]...)
	var files []string
	for _, d := range t.s.DropIns(".conf", dirs...) {
		if len(files) == maxDropIns {
			t.s.Problem(d.Path, 0, binread.Limit("%s has more than %d drop-ins; the rest is not read", names[0], maxDropIns))
			break
		}
		if !d.Masked {
			files = append(files, d.Path)
		}
	}
	t.found[names[0]] = files
	return files
}

// dropDirs returns the directories of the drop-ins for one name: those of a directory of the search path together, the
// most specific first.
func (t *tree) dropDirs(name string) []string {
	names := []string{name}
	suffix := path.Ext(name)
	prefix := strings.TrimSuffix(name, suffix)
	if template, ok := templateOf(name); ok {
		names = append(names, template)
		prefix, _, _ = strings.Cut(prefix, "@")
	}
	for i := len(prefix) - 1; i > 0; i-- {
		if prefix[i] == '-' {
			names = append(names, prefix[:i+1]+suffix)
		}
	}
	var dirs []string
	for _, d := range t.dirs {
		for _, n := range names {
			if dir := d.path + "/" + n + ".d"; slices.Contains(t.drops[n], dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs
}

var suffixes = []string{
	".service", ".socket", ".target", ".timer", ".path", ".mount", ".automount", ".swap", ".slice", ".scope", ".device",
}

// validName reports whether name is a unit's: plain, instance or template (unit_name_is_valid of systemd).
func validName(name string) bool {
	suffix := path.Ext(name)
	prefix := strings.TrimSuffix(name, suffix)
	if prefix == "" || prefix[0] == '@' || len(name) > 255 || !slices.Contains(suffixes, suffix) {
		return false
	}
	return !strings.ContainsFunc(prefix, func(c rune) bool {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		return !letter && !strings.ContainsRune(`:-_.\@`, c)
	})
}

func isTemplate(name string) bool {
	return strings.HasSuffix(strings.TrimSuffix(name, path.Ext(name)), "@")
}

// templateOf returns the template of an instance: getty@.service of getty@tty1.service.
func templateOf(name string) (string, bool) {
	suffix := path.Ext(name)
	prefix, instance, ok := strings.Cut(strings.TrimSuffix(name, suffix), "@")
	if !ok || instance == "" {
		return "", false
	}
	return prefix + "@" + suffix, true
}
