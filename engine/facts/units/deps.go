package units

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// edge says that the unit from pulls in, or triggers, the unit to.
type edge struct{ from, to, kind string }

// pulls returns the dependencies that links make. Of links with one name below one unit only the first of the search
// path counts, and one to /dev/null, or an empty file, takes the dependency out of force (process_deps in systemd's
// load-dropin.c).
func (t *tree) pulls() []edge {
	var edges []edge
	seen := map[edge]bool{}
	for _, d := range t.dirs {
		for _, dep := range d.deps {
			e := edge{t.canonical(dep.owner), dep.name, dep.kind}
			if seen[e] {
				continue
			}
			seen[e] = true
			if dep.isLink() && dep.dest() != "/dev/null" {
				edges = append(edges, edge{e.from, t.canonical(dep.name), dep.kind})
			}
		}
	}
	return edges
}

// linkTo is the first link of the search path that pulls in a unit of this name.
func (t *tree) linkTo(name string) *facts.Source {
	for _, d := range t.dirs {
		for _, dep := range d.deps {
			if dep.name == name {
				return dep.source()
			}
		}
	}
	return nil
}

// canonical returns the unit's own name for one of its names.
func (t *tree) canonical(name string) string {
	if f := t.find(name); f.err == nil && !f.masked {
		return f.name
	}
	return name
}

// triggers returns which units start others on demand: sockets, timers, paths and automounts.
func (t *tree) triggers(names []string) []edge {
	var edges []edge
	for _, name := range names {
		suffix := path.Ext(name)
		key := map[string]string{".socket": "Service", ".timer": "Unit", ".path": "Unit", ".automount": ""}
		if _, ok := key[suffix]; !ok || isTemplate(name) {
			continue
		}
		f := t.find(name)
		if f.err != nil || f.masked || f.name != name {
			continue
		}
		plain := strings.TrimSuffix(name, suffix)
		to := plain + ".service"
		if suffix == ".automount" {
			to = plain + ".mount"
		}
		accept := false
		for _, set := range t.read(f) {
			switch {
			case set.Key == key[suffix] && strings.EqualFold(set.Section, suffix[1:]) && set.Value != "":
				to = expand(set.Value, name)
			case suffix == ".socket" && set.Section == "Socket" && set.Key == "Accept":
				accept, _ = facts.ParseBool(set.Value)
			}
		}
		if accept {
			to = plain + "@.service" // one instance per connection
		}
		edges = append(edges, edge{name, t.canonical(to), "triggers"})
	}
	return edges
}

// busDirs hold the services that the system bus starts on demand.
var busDirs = []string{
	"/etc/dbus-1/system-services", "/run/dbus-1/system-services", "/usr/local/share/dbus-1/system-services",
	"/usr/share/dbus-1/system-services", "/lib/dbus-1/system-services",
}

// bus returns the units that D-Bus starts for a bus name.
func (t *tree) bus() []edge {
	var edges []edge
	for _, file := range t.s.DropIns(".service", busDirs...) {
		all, err := t.s.Settings(file.Path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.s.Problem(file.Path, 0, err)
		}
		name, unit := "", ""
		for _, set := range all {
			switch set.Key {
			case "Name":
				name = set.Value
			case "SystemdService":
				unit = set.Value
			}
		}
		if validName(unit) && name != "" {
			edges = append(edges, edge{"dbus:" + name, t.canonical(unit), "triggers"})
		}
	}
	return edges
}

// requirements are the settings of [Unit] that pull other units in at the start.
var requirements = []string{"Wants", "Requires", "Requisite", "BindsTo", "Upholds"}

// byDefault are the kinds of units that need sysinit.target unless they say DefaultDependencies=no (systemd.service(5) and its
// siblings, section "Default Dependencies").
var byDefault = []string{".service", ".socket", ".timer", ".path"}

// requires lists what the file of a unit, and its kind, pull in.
func (t *tree) requires(name string) []string {
	var all []string
	bare := !slices.Contains(byDefault, path.Ext(name))
	for _, set := range t.read(t.find(name)) {
		switch {
		case set.Section == "Unit" && set.Key == "DefaultDependencies":
			if yes, ok := facts.ParseBool(set.Value); ok {
				bare = bare || !yes
			}
		case set.Section == "Unit" && slices.Contains(requirements, set.Key), set.Section == "Service" && set.Key == "Sockets":
			for word := range strings.FieldsSeq(set.Value) {
				all = append(all, t.canonical(expand(word, name)))
			}
		}
	}
	if !bare {
		all = append(all, "sysinit.target")
	}
	return all
}

// starts works out what a boot reaches from the default target, and what can be started from there on demand.
func (t *tree) starts(units facts.Units, edges []edge) {
	next := map[string][]string{}
	fired := map[string][]string{}
	for _, e := range edges {
		if e.kind == "triggers" {
			fired[e.from] = append(fired[e.from], e.to)
			continue
		}
		next[e.from] = append(next[e.from], e.to)
	}
	mark := func(queue []string, how string) {
		for len(queue) > 0 {
			name := queue[0]
			queue = queue[1:]
			u, ok := units[name]
			if !ok || u.Starts != "" || strings.HasPrefix(u.State, "masked") || u.State == "not-found" || u.State == "bad" && u.Path == "" {
				continue
			}
			u.Starts = how
			queue = append(queue, next[name]...)
			template, _ := templateOf(name)
			queue = append(queue, next[template]...)
			queue = append(queue, t.requires(name)...)
		}
	}
	mark([]string{t.canonical("default.target")}, "boot")
	for changed := true; changed; {
		changed = false
		for from, list := range fired {
			if u, ok := units[from]; ok && u.Starts == "" || !ok && !strings.HasPrefix(from, "dbus:") {
				continue
			}
			for _, to := range list {
				if u, ok := units[to]; ok && u.Starts == "" && !strings.HasPrefix(u.State, "masked") && u.State != "not-found" && u.State != "bad" {
					mark([]string{to}, "trigger")
					changed = true
				}
			}
		}
	}
}
