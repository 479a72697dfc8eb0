// Package units collects the domain "units": the services, sockets, timers and other units of the guest's init system,
// with what would start them.
//
// It does offline what systemctl is-enabled and systemd's unit loader do (systemd.unit(5), systemd.preset(5), systemd
// 252's install.c): the search path, aliases, masks, links out of it, templates, drop-ins, and the scripts in /etc/init.d
// that systemd-sysv-generator turns into units. OpenRC's run levels and those of System V init are the same domain. So are
// the services of Windows. Other generators are not run, and the units of users are not looked at.
package units

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// Collector collects the domain "units".
var Collector = facts.New("units", "Services and other units, with their state and what starts them", collect, "os").On(guest.Unix, guest.Windows)

func collect(ctx context.Context, s *facts.Scope) (*facts.Units, error) {
	if s.Guest.System == guest.Windows {
		return windows(ctx, s)
	}
	init := ""
	if os, ok := facts.Of[facts.OS](s, "os"); ok {
		init = os.Init
	}
	t := newTree(s)
	switch {
	case init == "openrc" || init == "" && len(t.dirs) == 0 && s.Exists("/etc/runlevels"):
		return openRC(s)
	case init == "sysvinit" || len(t.dirs) == 0 && s.Exists("/etc/init.d"):
		return sysVInit(s)
	case len(t.dirs) == 0:
		return nil, fmt.Errorf("/usr/lib/systemd/system: no units of systemd, no run levels: %w", fs.ErrNotExist)
	}
	return t.collect(ctx)
}

func (t *tree) collect(ctx context.Context) (*facts.Units, error) {
	units := facts.Units{}
	pulls := t.pulls()
	names := t.allNames()
	rules := readPresets(t.s)
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		units[name] = t.unit(name, rules)
	}
	pulls = append(pulls, t.sysV(units)...)
	edges := slices.Concat(pulls, t.triggers(names), t.bus())
	for _, e := range edges {
		u, ok := units[e.to]
		if !ok && e.kind != "triggers" {
			u, ok = t.unit(e.to, rules), true
			units[e.to] = u
		}
		if ok {
			add(u, e)
		}
	}
	for _, u := range units {
		for _, list := range []*[]string{&u.WantedBy, &u.RequiredBy, &u.UpheldBy, &u.TriggeredBy} {
			slices.Sort(*list)
			*list = slices.Compact(*list)
		}
	}
	t.starts(units, edges)
	return &units, nil
}

func add(u *facts.Unit, e edge) {
	switch e.kind {
	case "wants":
		u.WantedBy = append(u.WantedBy, e.from)
	case "requires":
		u.RequiredBy = append(u.RequiredBy, e.from)
	case "upholds":
		u.UpheldBy = append(u.UpheldBy, e.from)
	case "triggers":
		u.TriggeredBy = append(u.TriggeredBy, e.from)
	}
}

// allNames returns every name that a file or a link has, and the instances and missing units that only links name.
func (t *tree) allNames() []string {
	names := map[string]bool{}
	for name := range t.units {
		names[name] = true
	}
	for _, d := range t.dirs {
		for _, dep := range d.deps {
			names[dep.name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// unit describes one name.
func (t *tree) unit(name string, rules []rule) *facts.Unit {
	u := empty("systemd")
	u.State, u.Source = t.state(name)
	f := t.find(name)
	if !slices.Contains([]string{"alias", "static", "generated", "transient", "not-found"}, u.State) {
		p := preset(rules, name)
		u.Preset = &p
	}
	if u.State == "bad" {
		if !errors.Is(f.err, errRefused) && !errors.Is(f.err, fs.ErrNotExist) {
			t.s.Problem(f.object.path, 0, fmt.Errorf("unit %s: %w", name, f.err))
		}
		return u
	}
	if u.State == "not-found" {
		u.Source = t.linkTo(name)
		return u
	}
	if o, ok := t.lookup(name); ok && o.path != f.object.path || f.name != name {
		u.AliasOf = &f.name
	}
	u.Path = f.object.path
	if template, ok := templateOf(f.name); ok && path.Base(f.object.path) == template {
		u.Template = template
	}
	if f.masked || u.AliasOf != nil {
		return u
	}
	u.DropIns = append(u.DropIns, t.dropIns(t.names(f.name))...)
	in := t.install(f)
	u.Also, u.Aliases, u.DefaultInstance = in.also, in.aliases, in.instance
	fill(u, t.read(f))
	return u
}

// fill takes what is in force out of the settings: an empty assignment drops what came before.
func fill(u *facts.Unit, all []facts.Setting) {
	for _, set := range all {
		line := facts.UnitLine{Value: set.Value, Source: set.Source}
		switch {
		case set.Section == "Service" && set.Key == "ExecStart":
			line.Value, line.Source.Text = facts.Redact(line.Value), facts.Redact(line.Source.Text)
			u.ExecStart = accumulate(u.ExecStart, line)
		case strings.HasPrefix(set.Key, "Exec") && slices.Contains(running, set.Section):
			u.Exec = addExec(u.Exec, set.Key, line)
		case slices.Contains(running, set.Section) && set.Key == "Environment":
			u.Environment = addEnvironment(u.Environment, line)
		case slices.Contains(running, set.Section) && set.Key == "EnvironmentFile":
			u.EnvironmentFiles = accumulate(u.EnvironmentFiles, line)
		case set.Section == "Service" && set.Key == "User":
			u.User = &line
			if set.Value == "" {
				u.User = nil
			}
		case set.Section == "Socket" && strings.HasPrefix(set.Key, "Listen"):
			if set.Value == "" { // of any kind, they are one list (systemd.socket(5))
				u.Listen = nil
				continue
			}
			line.Value = set.Key + "=" + set.Value
			u.Listen = append(u.Listen, line)
		case set.Section == "Unit" && (strings.HasPrefix(set.Key, "Condition") || strings.HasPrefix(set.Key, "Assert")):
			kind := "Condition"
			if strings.HasPrefix(set.Key, "Assert") {
				kind = "Assert"
			}
			if set.Value == "" { // of any kind, they are one list
				u.Conditions = slices.DeleteFunc(u.Conditions, func(l facts.UnitLine) bool { return strings.HasPrefix(l.Value, kind) })
				continue
			}
			line.Value = set.Key + "=" + set.Value
			u.Conditions = append(u.Conditions, line)
		}
	}
}

func accumulate(list []facts.UnitLine, line facts.UnitLine) []facts.UnitLine {
	if line.Value == "" {
		return []facts.UnitLine{}
	}
	return append(list, line)
}

func empty(init string) *facts.Unit {
	return &facts.Unit{
		Init: init, WantedBy: []string{}, RequiredBy: []string{}, UpheldBy: []string{}, TriggeredBy: []string{},
		DropIns: []string{}, ExecStart: []facts.UnitLine{}, Conditions: []facts.UnitLine{},
		Exec: []facts.UnitLine{}, Environment: []facts.UnitLine{}, EnvironmentFiles: []facts.UnitLine{},
	}
}
