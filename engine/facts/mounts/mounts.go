// Package mounts collects the domain "mounts": what a boot of the guest mounts, and with which flags.
//
// Sources: /etc/fstab (fstab(5)), the mount units of systemd (systemd.mount(5)) as the domain "units" has them, and what
// systemd mounts by itself. Of a mount point that is in fstab and has a unit too, what counts is the unit's place in the
// search path: one in /etc, or a mask there, beats fstab, and fstab beats one in /usr/lib (systemd-fstab-generator(8)).
// Whether the devices exist on the disks is not looked at here.
package mounts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// Collector collects the domain "mounts".
var Collector = facts.New("mounts", "Mounts of fstab and of units, with the flags in force", collect, "units")

func collect(_ context.Context, s *facts.Scope) (*facts.Mounts, error) {
	units := facts.Units{}
	if u, ok := facts.Of[facts.Units](s, "units"); ok {
		units = *u
	}
	systemd := false
	for _, u := range units {
		systemd = u.Init == "systemd"
		break // they all have one
	}
	all := facts.Mounts{}
	err := s.Lines(fstab, func(n int, text string) {
		m, ok, err := parseLine(text)
		if err != nil {
			s.Problem(fstab, n, err)
		}
		if ok && len(all) < maxLines {
			at := facts.At(fstab, n, facts.Redact(text))
			m.Source = &at
			all = append(all, m)
		} else if ok {
			s.Problem(fstab, n, fmt.Errorf("more than %d mounts; the rest is left out", maxLines))
		}
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(fstab, 0, err)
	}
	if systemd {
		for i := range all {
			generated(s, &all[i], units)
		}
		all = append(all, mountUnits(s, units, all)...)
	}
	all = builtins(s, all, systemd)
	hide(all, systemd)
	inherit(all)
	return &all, nil
}

// hide marks the lines that another one for the same mount point takes out of sight: systemd takes the first line of
// fstab and refuses the others, mount -a puts the later over the earlier.
func hide(all facts.Mounts, systemd bool) {
	seen := map[string]int{}
	for i := range all {
		m := &all[i]
		if !m.InForce() {
			continue
		}
		first, twice := seen[m.Target]
		switch {
		case !twice:
			seen[m.Target] = i
		case systemd:
			m.Hidden = "systemd takes the first entry for the mount point, at " + at(all[first].Source)
		default:
			all[first].Hidden = "a later entry is mounted over it, at " + at(m.Source)
			seen[m.Target] = i
		}
	}
}

func at(source *facts.Source) string {
	if source == nil {
		return "boot"
	}
	return fmt.Sprintf("%s line %d", source.Path, source.Line)
}

// inherit gives bind mounts that set no flag those of the mount they show.
func inherit(all facts.Mounts) {
	for i := range all {
		m := &all[i]
		if !m.Bind || slices.ContainsFunc(m.Options, func(o string) bool { _, ok := flagOptions[o]; return ok }) {
			continue
		}
		var from *facts.Mount
		for j := range all {
			c := &all[j]
			if c.InForce() && !c.Bind && below(m.Device, c.Target) && (from == nil || len(c.Target) > len(from.Target)) {
				from = c
			}
		}
		if from != nil {
			m.NoDev, m.NoSUID, m.NoExec, m.ReadOnly = from.NoDev, from.NoSUID, from.NoExec, from.ReadOnly
		}
	}
}

func below(name, dir string) bool {
	return dir == "/" || name == dir || strings.HasPrefix(name, dir+"/")
}

// unitDirs are the directories of the search path that come before those of generators.
var unitDirs = []string{"/etc/systemd/system.control", "/etc/systemd/system", "/run/systemd/system"}

// generated looks at what units and drop-ins make of the unit that systemd-fstab-generator writes for a line.
func generated(s *facts.Scope, m *facts.Mount, units facts.Units) {
	m.Unit = unitName(m.Target)
	if u, ok := units[m.Unit]; ok && slices.Contains(unitDirs, path.Dir(u.Path)) {
		m.Hidden = "the unit " + u.Path + " comes before fstab"
		if strings.HasPrefix(u.State, "masked") {
			m.Hidden = "masked by " + u.Path
		}
		return
	}
	var dirs []string
	for _, dir := range append(unitDirs[:3:3], "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system") {
		dirs = append(dirs, dir+"/"+m.Unit+".d")
	}
	for _, d := range s.DropIns(".conf", dirs...) {
		if d.Masked {
			continue
		}
		u := facts.Unit{Path: d.Path}
		for _, set := range s.UnitSettings(&u) {
			if set.Section == "Mount" && set.Key == "Options" {
				m.Options = split(set.Value)
				m.Source = &facts.Source{Path: set.Source.Path, Line: set.Source.Line, Text: facts.Redact(set.Source.Text)}
				apply(m)
			}
		}
	}
}

// mountUnits returns the mounts of unit files, without those that a line of fstab takes the place of.
func mountUnits(s *facts.Scope, units facts.Units, lines facts.Mounts) facts.Mounts {
	var all facts.Mounts
	for name, u := range units {
		if !strings.HasSuffix(name, ".mount") || u.Path == "" || u.AliasOf != nil || strings.HasPrefix(u.State, "masked") ||
			strings.HasSuffix(name, "@.mount") || !strings.HasSuffix(u.Path, ".mount") {
			continue
		}
		m := facts.Mount{Origin: "unit", Unit: name, Options: []string{}, Source: &facts.Source{Path: u.Path}}
		for _, set := range s.UnitSettings(u) {
			if set.Section != "Mount" {
				continue
			}
			switch set.Key {
			case "What":
				m.Device = facts.Redact(set.Value)
			case "Where":
				m.Target = path.Clean(set.Value)
			case "Type":
				m.FSType = set.Value
			case "Options":
				m.Options = split(set.Value)
				m.Source = &facts.Source{Path: set.Source.Path, Line: set.Source.Line, Text: facts.Redact(set.Source.Text)}
			}
		}
		if m.Target == "" || slices.ContainsFunc(lines, func(l facts.Mount) bool { return l.Unit == name && l.Hidden == "" }) {
			continue
		}
		apply(&m)
		m.Auto, m.Automount = u.Starts != "", u.Starts == "trigger"
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b facts.Mount) int { return strings.Compare(a.Unit, b.Unit) })
	return all
}

// unitName is the name of the unit of a mount point (systemd-escape --path).
func unitName(target string) string {
	if target == "/" {
		return "-.mount"
	}
	var b strings.Builder
	for i, c := range []byte(strings.Trim(target, "/")) {
		switch {
		case c == '/':
			b.WriteByte('-')
		case c == '.' && i == 0 || !plain(c):
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + ".mount"
}

func plain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == ':' || c == '_' || c == '.'
}
