package packages

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

// pacman reads local/*/desc below the database's directory: sections that begin with %NAME% and end with a blank line.
func pacman(ctx context.Context, s *facts.Scope) (*facts.Packages, string, error) {
	conf, err := facts.ReadPacmanConf(s)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(facts.PacmanConfFile, 0, err)
	}
	local := strings.TrimRight(conf.DBPath(), "/") + "/local"
	if _, err := s.Stat(local); err != nil {
		return nil, local, err
	}
	p := newPackages("pacman")
	broken := 0
	for _, e := range s.ReadDir(local) {
		if !e.Type.IsDir() {
			continue // ALPM_DB_VERSION
		}
		if ctx.Err() != nil {
			return nil, local, ctx.Err()
		}
		if p.Count >= maxRecords || broken > maxProblems {
			return nil, local, binread.Limit("%s: more than %d packages, or %d damaged ones", local, maxRecords, maxProblems)
		}
		one, groups, err := pacmanPackage(s, local+"/"+e.Name)
		if err != nil {
			broken++
			s.Problem(local+"/"+e.Name+"/desc", 0, err)
			continue
		}
		for _, v := range conf.List("IgnorePkg") {
			if glob(v.Value, one.Name) {
				one.Held, one.HeldBy = true, v.Source
			}
		}
		for _, v := range conf.List("IgnoreGroup") {
			for _, group := range groups {
				if glob(v.Value, group) {
					one.Held, one.HeldBy = true, v.Source
				}
			}
		}
		add(p, one)
	}
	sortVersions(s, local, p)
	return p, local, nil
}

func pacmanPackage(s *facts.Scope, dir string) (p facts.Package, groups []string, err error) {
	sections := map[string][]string{}
	lines := map[string]int{}
	section, values := "", 0
	err = s.Lines(dir+"/desc", func(n int, text string) {
		switch {
		case text == "":
			section = ""
		case section == "" && len(text) > 2 && text[0] == '%' && text[len(text)-1] == '%':
			section = text[1 : len(text)-1]
			lines[section] = n
		case section != "" && len(text) <= maxLine && values < maxRecords:
			values++
			sections[section] = append(sections[section], text)
		}
	})
	one := func(name string) string {
		if v := sections[name]; len(v) > 0 {
			return v[0]
		}
		return ""
	}
	p = facts.Package{
		Name: one("NAME"), Version: one("VERSION"), Arch: one("ARCH"), State: "installed", SourceName: one("BASE"),
		Source: facts.Source{Path: dir + "/desc", Line: lines["NAME"] + 1, Text: one("NAME")},
	}
	switch {
	case err != nil:
		return p, nil, err
	case p.Name == "" || p.Version == "":
		return p, nil, binread.Corrupt("record of %.60q has version %.60q, want neither empty", p.Name, p.Version)
	}
	// An explicitly installed package has no reason, or reason 0.
	auto := one("REASON") == "1"
	p.Auto = &auto
	if by := sections["VALIDATION"]; len(by) > 0 { // none, md5, sha256, pgp: what pacman went by when it installed the package
		signed := slices.Contains(by, "pgp")
		p.Signed = &signed
	}
	if at := one("INSTALLDATE"); at != "" {
		if p.InstallTime, err = strconv.ParseInt(at, 10, 64); err != nil {
			s.Problem(dir+"/desc", lines["INSTALLDATE"]+1, err)
		}
	}
	for _, v := range sections["PROVIDES"] {
		name, version, _ := strings.Cut(v, "=")
		p.Provides = append(p.Provides, facts.Provide{Name: name, Version: version})
	}
	return p, sections["GROUPS"], nil
}
