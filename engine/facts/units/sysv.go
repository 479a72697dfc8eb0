package units

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const maxScripts = 5_000 // in /etc/init.d

// levels are the targets of the run levels that systemd-sysv-generator looks at.
var levels = []struct{ level, target string }{
	{"rc1.d", "rescue.target"},
	{"rc2.d", "multi-user.target"},
	{"rc3.d", "multi-user.target"},
	{"rc4.d", "multi-user.target"},
	{"rc5.d", "graphical.target"},
}

// sysV adds the units that systemd-sysv-generator makes: one for each executable script in /etc/init.d that no unit file
// has the name of. It returns what the links in the run levels pull in.
func (t *tree) sysV(units facts.Units) []edge {
	made := map[string]bool{}
	for _, script := range scripts(t.s) {
		name := unitName(path.Base(script))
		if _, native := t.lookup(name); native || !validName(name) {
			continue
		}
		u := empty("systemd")
		u.State, u.SysV, u.Path = "generated", true, script
		u.Source = &facts.Source{Path: script}
		u.ExecStart = append(u.ExecStart, facts.UnitLine{Value: script + " start", Source: facts.Source{Path: script}})
		if old, ok := units[name]; ok { // that links name already
			u.WantedBy = old.WantedBy
		}
		units[name], made[name] = u, true
	}
	var edges []edge
	for _, l := range levels {
		for _, link := range startLinks(t.s, l.level) {
			if name := unitName(link.script); made[name] {
				edges = append(edges, edge{l.target, name, "wants"})
			}
		}
	}
	return edges
}

// scripts returns the executable files in /etc/init.d.
func scripts(s *facts.Scope) []string {
	var paths []string
	for _, e := range s.ReadDir("/etc/init.d") {
		file := "/etc/init.d/" + e.Name
		if strings.HasPrefix(e.Name, ".") || e.Type.IsDir() {
			continue
		}
		if len(paths) == maxScripts {
			s.Problem("/etc/init.d", 0, binread.Limit("more than %d scripts; the rest is not looked at", maxScripts))
			break
		}
		st, err := s.Stat(file)
		if err == nil && st.IsRegular() && st.Mode&0o100 != 0 {
			paths = append(paths, file)
		}
	}
	return paths
}

// unitName is what the generator calls the unit of a script: other characters than those of unit names are escaped
// (sysv_translate_name, unit_name_mangle).
func unitName(script string) string {
	var b strings.Builder
	for _, c := range []byte(strings.TrimSuffix(script, ".sh")) {
		if validName("a" + string(rune(c)) + ".service") {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, `\x%02x`, c)
	}
	return b.String() + ".service"
}

// startLink is a link such as S20nginx in a run level.
type startLink struct{ path, script string }

// startLinks returns the links of one run level, as "rc3.d", that start something.
func startLinks(s *facts.Scope, level string) []startLink {
	dir := "/etc/" + level
	if !s.Exists(dir) {
		dir = "/etc/rc.d/" + level
	}
	var links []startLink
	for _, e := range s.ReadDir(dir) {
		if len(e.Name) > 3 && e.Name[0] == 'S' && isDigit(e.Name[1]) && isDigit(e.Name[2]) {
			links = append(links, startLink{dir + "/" + e.Name, e.Name[3:]})
		}
	}
	return links
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// sysVInit reads the run levels of a guest whose init is System V's.
func sysVInit(s *facts.Scope) (*facts.Units, error) {
	units := facts.Units{}
	for _, script := range scripts(s) {
		u := empty("sysvinit")
		u.State, u.SysV, u.Path, u.Source = "disabled", true, script, &facts.Source{Path: script}
		units[path.Base(script)] = u
	}
	for _, level := range []string{"rcS.d", "rc2.d", "rc3.d", "rc4.d", "rc5.d"} {
		for _, link := range startLinks(s, level) {
			pull(units, link.script, strings.TrimSuffix(level, ".d"), "sysvinit", link.path)
		}
	}
	return &units, nil
}

// openRC reads OpenRC's run levels (rc-update(8), openrc(8)).
func openRC(s *facts.Scope) (*facts.Units, error) {
	units := facts.Units{}
	for _, script := range scripts(s) {
		u := empty("openrc")
		u.State, u.Path, u.Source = "disabled", script, &facts.Source{Path: script}
		units[path.Base(script)] = u
	}
	runlevels := s.ReadDir("/etc/runlevels")
	if len(runlevels) == 0 && len(units) == 0 {
		return nil, fmt.Errorf("/etc/runlevels: %w", fs.ErrNotExist)
	}
	for _, level := range runlevels {
		if level.Type.IsRegular() {
			continue
		}
		for _, e := range s.ReadDir("/etc/runlevels/" + level.Name) {
			if e.Type&fs.ModeSymlink != 0 {
				pull(units, e.Name, level.Name, "openrc", "/etc/runlevels/"+level.Name+"/"+e.Name)
			}
		}
	}
	return &units, nil
}

// bootLevels are the run levels that an ordinary boot goes through.
var bootLevels = []string{"sysinit", "boot", "default", "rcS", "rc2", "rc3", "rc4", "rc5"}

func pull(units facts.Units, name, level, init, link string) {
	u, ok := units[name]
	if !ok {
		u = empty(init)
		u.State, u.Source = "not-found", &facts.Source{Path: link}
		units[name] = u
	}
	u.WantedBy = append(u.WantedBy, level)
	slices.Sort(u.WantedBy)
	if u.State == "disabled" {
		u.State, u.Source = "enabled", &facts.Source{Path: link}
	}
	if u.State == "enabled" && slices.Contains(bootLevels, level) {
		u.Starts = "boot"
	}
}
