package units

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// fragment is the file that a name comes to, after aliases.
type fragment struct {
	name   string // of the unit: that of the last alias
	object object // the file or link that holds it
	masked bool
	linked bool // by a link to a file outside of the search path
	err    error
}

var (
	errNotFound = errors.New("no unit file of this name")
	errRefused  = errors.New("systemd refuses the link") // which is an answer, not a gap in what was read
)

// find follows a name to its file (install_info_traverse in systemd's install.c).
func (t *tree) find(name string) fragment {
	if f, ok := t.fragments[name]; ok {
		return f
	}
	f := t.follow(name)
	t.fragments[name] = f
	return f
}

func (t *tree) follow(name string) fragment {
	for range maxFollow {
		o, ok := t.lookup(name)
		if !ok {
			return fragment{name: name, err: errNotFound}
		}
		f := fragment{name: name, object: o}
		if !o.isLink() {
			f.masked, f.err = t.empty(o)
			return f
		}
		dest := o.dest()
		if dest == "/dev/null" {
			f.masked = true
			return f
		}
		if !t.inSearchPath(dest) {
			f.linked = true
			f.masked, f.err = t.empty(o)
			if f.name = path.Base(dest); !compatible(name, f.name) {
				f.err = fmt.Errorf("%w to %s, which is no name for it", errRefused, o.target)
			}
			if template, ok := templateOf(name); ok && f.name == template {
				f.name = name
			}
			return f
		}
		next := path.Base(dest)
		if !compatible(name, next) {
			f.err = fmt.Errorf("%w to %s, which is no name for it", errRefused, o.target)
			return f
		}
		if next == path.Base(o.path) {
			f.err = fmt.Errorf("%w to the same name in the search path: %s", errRefused, o.target)
			f.masked, _ = t.empty(o)
			return f
		}
		name = instantiate(name, next)
	}
	return fragment{name: name, err: fmt.Errorf("%w: more than %d aliases behind each other", errRefused, maxFollow)}
}

// lookup returns the first object of that name in the search path, or else of its template.
func (t *tree) lookup(name string) (object, bool) {
	if all := t.units[name]; len(all) > 0 {
		return all[0], true
	}
	template, _ := templateOf(name)
	if all := t.units[template]; len(all) > 0 {
		return all[0], true
	}
	return object{}, false
}

// empty reports whether the file at o has no bytes, which masks a unit, or is the device /dev/null by another way.
func (t *tree) empty(o object) (bool, error) {
	st, err := t.s.Stat(o.path)
	switch {
	case err != nil:
		return false, err
	case o.isLink():
		if to, err := t.s.Guest.Resolve(o.path); err == nil && to == "/dev/null" {
			return true, nil
		}
	}
	if !st.IsRegular() {
		return false, errors.New("is no regular file")
	}
	return st.Size == 0, nil
}

func (t *tree) inSearchPath(file string) bool {
	dir := path.Dir(file)
	if slices.ContainsFunc(searchPath, func(d place) bool { return d.dir == dir }) {
		return true
	}
	to, err := t.s.Guest.Resolve(dir)
	return err == nil && slices.ContainsFunc(t.dirs, func(d searchDir) bool { return d.resolved == to })
}

// compatible reports whether a unit called name may be an alias of target: of the same type, and both plain or both not.
func compatible(name, target string) bool {
	return validName(target) && path.Ext(name) == path.Ext(target) && strings.Contains(name, "@") == strings.Contains(target, "@")
}

// instantiate carries the instance of an alias over to the template that it is an alias of.
func instantiate(alias, target string) string {
	suffix := path.Ext(alias)
	_, instance, _ := strings.Cut(strings.TrimSuffix(alias, suffix), "@")
	if instance == "" || !isTemplate(target) {
		return target
	}
	return strings.TrimSuffix(target, suffix) + instance + suffix
}

// state returns what systemctl is-enabled says, and the link or file that decides it (unit_file_lookup_state in
// systemd's install.c).
func (t *tree) state(name string) (string, *facts.Source) {
	f := t.find(name)
	switch {
	case errors.Is(f.err, errNotFound) && len(t.units[name]) == 0:
		return "not-found", nil
	case f.err != nil:
		if o, ok := t.lookup(name); ok {
			return "bad", o.source()
		}
		return "bad", nil
	}
	at := f.object.source()
	_, instance := templateOf(f.name)
	switch class := t.dirs[f.object.dir].class; {
	case f.masked && class == runtime:
		return "masked-runtime", at
	case f.masked:
		return "masked", at
	case class == generated:
		return "generated", at
	case class == transient:
		return "transient", at
	case !instance && name != t.baseName(f):
		if o, ok := t.lookup(name); ok {
			at = o.source()
		}
		return "alias", at
	}
	in := t.install(f)
	if state, by := t.enabled(f, in, true); state != "" {
		return state, by
	}
	if state, by := t.enabled(f, in, false); state != "" {
		return "indirect", by
	}
	switch {
	case in.rules:
		return "disabled", at
	case len(in.also) > 0:
		return "indirect", at
	}
	return "static", at
}

// baseName is the name of the unit's file: for a link out of the search path, of what it leads to.
func (t *tree) baseName(f fragment) string {
	if f.linked {
		return path.Base(f.object.dest())
	}
	return path.Base(f.object.path)
}

// enabled looks for the links that enable a unit (find_symlinks_in_scope). With known set, only links with a name that
// [Install] would make count.
func (t *tree) enabled(f fragment, in *install, known bool) (string, *facts.Source) {
	var inRuntime, inVendor, linkedConfig, linkedRuntime *facts.Source
	below := false
	for _, d := range t.dirs {
		found, same := d.find(f.name, in, known, below)
		switch {
		case found != nil && d.class == config:
			return "enabled", found.source()
		case found != nil && d.class != vendor:
			inRuntime = cmp.Or(inRuntime, found.source())
		case found != nil:
			inVendor = cmp.Or(inVendor, found.source())
		case same != nil && d.class == config:
			linkedConfig = same.source()
		case same != nil && d.class != vendor:
			linkedRuntime = cmp.Or(linkedRuntime, same.source())
		}
		below = below || path.Dir(f.object.path) == d.path
	}
	_, instance := templateOf(f.name)
	switch {
	case inRuntime != nil:
		return "enabled-runtime", inRuntime
	case inVendor != nil && instance:
		return "static", inVendor // an instance that the vendor pulls in
	case linkedConfig != nil:
		return "linked", linkedConfig
	case linkedRuntime != nil:
		return "linked-runtime", linkedRuntime
	}
	return "", nil
}

// find returns a link in one directory that enables the unit, or one beside the unit files that only has its name and
// leads to it (find_symlinks). Below is set for directories that come after that of the unit's file: there a file of the
// same name is out of force.
func (d searchDir) find(name string, in *install, known, below bool) (found, same *object) {
	for i := range d.deps {
		l := &d.deps[i].object
		if l.isLink() && (path.Base(l.path) == name || path.Base(l.target) == name) && (!known || in.knows(name, path.Base(l.path))) {
			return l, nil
		}
	}
	for i := range d.links {
		l := &d.links[i]
		byName, byTarget := !below && path.Base(l.path) == name, path.Base(l.target) == name
		switch {
		case byName && byTarget:
			same = l
		case (byName || byTarget) && (!known || in.knows(name, path.Base(l.path))):
			return l, same
		}
	}
	return nil, same
}
