package packages

import (
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/finding"
)

// unowned looks at an object that no package owns. Without a database, or with one that could not be read whole, nobody knows that.
func (v *verifier) unowned(o guest.Object) {
	if !v.Unowned || len(v.Packages.Managers) == 0 || len(v.Packages.Problems) > 0 {
		return
	}
	switch {
	case below(o.Path, localDirs()):
		v.local(o)
	case o.IsRegular() && v.madeByPython(o.Path):
		v.count(func(s *Stats) { s.Generated++ })
	case o.IsRegular():
		if role := roleOf(o.Path, o.Mode, false); v.matters(o, role) {
			v.differ(Difference{
				Kind: Unowned, Role: role, File: shipped.File{Path: o.Path}, Object: o, Expected: "owned by a package",
				Actual: string(role) + " of no package, mode " + facts.ModeText(o.Mode),
			})
		}
	case o.IsSymlink():
		v.link(o)
	}
}

func (v *verifier) count(one func(*Stats)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	one(&v.result.Stats)
}

func (v *verifier) local(o guest.Object) {
	if !o.IsRegular() || o.Mode&0o111 == 0 && !isLibrary(o.Path) {
		return
	}
	setuid := o.Mode&0o6000 != 0 && o.Mode&0o111 != 0
	if !setuid {
		v.count(func(s *Stats) { s.Local++ })
	}
	if v.Local || setuid {
		v.differ(Difference{
			Kind: Unowned, Role: localRole(o.Path), File: shipped.File{Path: o.Path}, Object: o, Expected: "owned by a package",
			Actual: string(localRole(o.Path)) + " of no package, mode " + facts.ModeText(o.Mode),
		})
	}
}

func localRole(path string) Role {
	if isLibrary(path) {
		return Library
	}
	return Program
}

// matters tells files that only packages put where they are.
func (v *verifier) matters(o guest.Object, role Role) bool {
	switch role {
	case Program:
		return below(o.Path, systemDirs()) && o.Mode&0o111 != 0
	case Library, Module, Unit:
		return true
	case Code: // Python runs what is there, without a bit that says so
		ext := path.Ext(o.Path)
		return strings.HasPrefix(o.Path, "/usr/lib/python") && (ext == ".py" || ext == ".pyc" || ext == ".pth")
	}
	return false
}

// madeByPython reports whether a file is what Python compiled of a source that a package owns: the maintainer scripts of Debian's
// packages do so (py3compile(1)).
func (v *verifier) madeByPython(file string) bool {
	name, compiled := strings.CutSuffix(path.Base(file), ".pyc")
	dir := path.Dir(file)
	if !compiled {
		return false
	}
	if path.Base(dir) == "__pycache__" {
		name, _, _ = strings.Cut(name, ".")
		dir = path.Dir(dir)
	}
	return v.Packages.Owner(path.Join(dir, name+".py")) != ""
}

// link looks at a link that no package owns. One that leads to what a package owns is made by update-alternatives(1), ldconfig(8)
// and systemctl(1), and leads to nothing else; one that leads to a place that is watched is judged there.
func (v *verifier) link(o guest.Object) {
	role := roleOf(o.Path, 0, false)
	if role != Program && role != Library && role != Module && role != Unit {
		return
	}
	target, err := v.guest.Resolve(o.Path)
	if err != nil || target == "/dev/null" || v.Packages.Owner(target) != "" {
		return // what leads nowhere runs nothing
	}
	if st, err := v.guest.Lstat(target); err == nil && (!st.IsRegular() || v.matters(st, roleOf(target, st.Mode, false))) {
		return
	}
	v.differ(Difference{
		Kind: Unowned, Role: role, File: shipped.File{Path: o.Path}, Object: o, Expected: "owned by a package",
		Actual: "link to " + target + ", neither of which a package owns",
	})
}

// unownedSeverity is milder for what the administrator is expected to put there.
func (d Difference) unownedSeverity() finding.Severity {
	switch {
	case d.Object.Mode&0o6000 != 0 && d.Object.IsRegular() && d.Object.Mode&0o111 != 0:
		return finding.Critical // runs as its owner or group
	case below(d.Path, localDirs()):
		return finding.Low
	case d.Role == Module && strings.Contains(d.Path, "/updates/dkms/"):
		return finding.Medium // dkms(8) builds modules there on the machine
	case d.Role == Module:
		return finding.Critical
	case d.Role == Unit && strings.HasPrefix(d.Path, "/etc/"):
		return finding.Medium
	}
	return finding.High
}
