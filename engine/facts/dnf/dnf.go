// Package dnf collects the domain "dnf": the repositories of dnf or yum and what is checked of them (dnf.conf(5)).
//
// The main file is /etc/dnf/dnf.conf, or yum's /etc/yum.conf; repositories stand there and in *.repo files. dnf5 takes
// settings from /etc/dnf/repos.override.d over those. Variables are not put into values.
package dnf

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const maxVars = 1000

// Collector collects the domain "dnf".
var Collector = facts.New("dnf", "Repositories of dnf or yum and what is checked of them", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.Dnf, error) {
	r, err := s.Repositories(facts.RepoFiles{
		Main: []string{"/etc/dnf/dnf.conf", "/etc/yum.conf"},
		Dirs: []string{"/etc/yum.repos.d", "/etc/distro.repos.d", "/usr/share/dnf5/repos.d"},
	})
	if err != nil {
		return nil, err
	}
	overrides(s, r)
	r.Vars = vars(s)
	return (*facts.Dnf)(r), nil
}

// overrides applies dnf5's: sections are patterns of repository ids.
func overrides(s *facts.Scope, r *facts.Repositories) {
	for _, file := range s.DropIns(".repo", "/etc/dnf/repos.override.d", "/usr/share/dnf5/repos.override.d") {
		settings, err := s.RepoSettings(file.Path)
		if err != nil {
			s.Problem(file.Path, 0, err)
		}
		s.OverrideRepos(r, settings)
	}
}

// vars are the first lines of the files in the directories of variables; the later directory wins.
func vars(s *facts.Scope) map[string]*facts.Value[string] {
	all := map[string]*facts.Value[string]{}
	for _, dir := range []string{"/usr/share/dnf5/vars.d", "/etc/yum/vars", "/etc/dnf/vars"} {
		for _, e := range s.ReadDir(dir) {
			if e.Type.IsDir() || len(all) >= maxVars {
				continue
			}
			file := dir + "/" + e.Name
			b, err := s.ReadFile(file)
			if err != nil {
				if !errors.Is(err, fs.ErrNotExist) {
					s.Problem(file, 0, err)
				}
				continue
			}
			line, _, _ := strings.Cut(string(b), "\n")
			line = facts.Redact(strings.TrimSpace(line))
			all[e.Name] = facts.Override(all[e.Name], line, facts.Source{Path: file, Line: 1, Text: line})
		}
	}
	return all
}
