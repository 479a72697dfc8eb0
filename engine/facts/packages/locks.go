package packages

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxLocks  = 10_000
	zyppLocks = "/etc/zypp/locks"
	dnf5Locks = "/etc/dnf/versionlock.toml"
)

// versionLocks are the lists of dnf's and yum's plugin versionlock.
var versionLocks = []string{"/etc/dnf/plugins/versionlock.list", "/etc/yum/pluginconf.d/versionlock.list"}

// lock keeps packages that match a pattern at their version.
type lock struct {
	matches func(p facts.Package) bool
	source  facts.Source
}

func (l lock) apply(p *facts.Packages) {
	for _, entries := range p.Installed {
		for i := range entries {
			if !entries[i].Held && l.matches(entries[i]) {
				entries[i].Held, entries[i].HeldBy = true, &l.source
			}
		}
	}
}

// rpmLocks returns the locks of dnf, yum and zypper.
func rpmLocks(s *facts.Scope) []lock {
	var locks []lock
	for _, file := range versionLocks {
		lockLines(s, file, func(n int, text string) {
			// "!" begins a version that is not to come, which holds nothing.
			if text == "" || text[0] == '#' || text[0] == '!' || len(locks) >= maxLocks {
				return
			}
			locks = append(locks, lock{
				func(p facts.Package) bool { return nevraMatches(text, p) }, facts.Source{Path: file, Line: n, Text: text},
			})
		})
	}
	return append(append(locks, zypperLocks(s)...), tomlLocks(s)...)
}

func lockLines(s *facts.Scope, file string, line func(n int, text string)) {
	err := s.Lines(file, func(n int, text string) { line(n, strings.TrimSpace(text)) })
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(file, 0, err)
	}
}

// nevraMatches compares a pattern with the forms in which dnf takes a package (dnf(8), "Specifying Packages").
func nevraMatches(pattern string, p facts.Package) bool {
	epoch, version := "0", p.Version
	if e, v, ok := strings.Cut(version, ":"); ok {
		epoch, version = e, v
	}
	short, _, _ := strings.Cut(version, "-")
	for _, form := range []string{p.Name, p.Name + "-" + short, p.Name + "-" + version, p.Name + "-" + epoch + ":" + version} {
		if glob(pattern, form) || glob(pattern, form+"."+p.Arch) {
			return true
		}
	}
	old := epoch + ":" + p.Name + "-" + version
	return glob(pattern, old) || glob(pattern, old+"."+p.Arch)
}

func glob(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil || pattern == name
}

// zypperLocks reads paragraphs of "type: package", "solvable_name: kernel*".
func zypperLocks(s *facts.Scope) []lock {
	var locks []lock
	kind, name := "package", facts.Source{}
	end := func() {
		pattern := name.Text
		if pattern != "" && kind == "package" && len(locks) < maxLocks {
			name.Text = "solvable_name: " + pattern
			locks = append(locks, lock{func(p facts.Package) bool { return glob(pattern, p.Name) }, name})
		}
		kind, name = "package", facts.Source{}
	}
	lockLines(s, zyppLocks, func(n int, text string) {
		field, value, _ := strings.Cut(text, ":")
		value = strings.TrimSpace(value)
		switch field {
		case "":
			end()
		case "type":
			kind = value
		case "solvable_name":
			name = facts.Source{Path: zyppLocks, Line: n, Text: value}
		}
	})
	end()
	return locks
}

// tomlLocks reads the list of dnf5 (dnf5-versionlock(8)). Its conditions say which versions are allowed: the packages of
// that name stay within them.
func tomlLocks(s *facts.Scope) []lock {
	b, err := s.ReadFile(dnf5Locks)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.Problem(dnf5Locks, 0, err)
		}
		return nil
	}
	var list struct {
		Packages []struct {
			Name string `toml:"name"`
		} `toml:"packages"`
	}
	if _, err := toml.Decode(string(b), &list); err != nil {
		line := 0
		var bad toml.ParseError
		if errors.As(err, &bad) {
			line = bad.Position.Line
		}
		s.Problem(dnf5Locks, line, err)
	}
	var locks []lock
	for _, one := range list.Packages[:min(len(list.Packages), maxLocks)] {
		locks = append(locks, lock{
			func(p facts.Package) bool { return one.Name != "" && glob(one.Name, p.Name) }, facts.Source{Path: dnf5Locks, Text: `name = "` + one.Name + `"`},
		})
	}
	return locks
}

const zyppAutoFile = "/var/lib/zypp/AutoInstalled"

// zyppAuto adds which packages zypper installed for others. dnf keeps that in a history that is not read here.
func zyppAuto(s *facts.Scope, p *facts.Packages) {
	auto := map[string]bool{}
	err := s.Lines(zyppAutoFile, func(_ int, text string) {
		if name := strings.TrimSpace(text); name != "" && name[0] != '#' {
			auto[name] = true
		}
	})
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.Problem(zyppAutoFile, 0, err)
		}
		return
	}
	for name, entries := range p.Installed {
		for i := range entries {
			is := auto[name]
			entries[i].Auto = &is
		}
	}
}
