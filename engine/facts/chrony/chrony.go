// Package chrony collects the domain "chrony": where chronyd takes the time from, and its other settings (chrony.conf(5)).
//
// The file is Debian's /etc/chrony/chrony.conf, or /etc/chrony.conf. Files of confdir are read in its place in the order
// of their names, those of sourcedir after all, and include takes a pattern. Options on chronyd's command line are not
// looked at.
package chrony

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxFiles   = 1_000
	maxNesting = 8
	maxSources = 10_000
	maxLine    = 2048 // bytes, as chronyd has it
)

// Collector collects the domain "chrony".
var Collector = facts.New("chrony", "Time servers and settings of chrony", collect)

type reader struct {
	s       *facts.Scope
	c       *facts.Chrony
	depth   int
	dirs    []string // sourcedir
	stopped bool
}

func collect(_ context.Context, s *facts.Scope) (*facts.Chrony, error) {
	r := &reader{s: s, c: &facts.Chrony{
		Servers: []facts.TimeServer{}, Pools: []facts.TimeServer{}, Peers: []facts.TimeServer{}, Settings: map[string]*facts.Value[string]{},
		SourceDirs: []string{}, Files: []string{},
	}}
	main := "/etc/chrony/chrony.conf"
	if !s.Exists(main) {
		main = "/etc/chrony.conf"
	}
	if err := r.file(main, false); err != nil {
		if errors.Is(err, fs.ErrNotExist) && len(r.c.Files) == 0 {
			return nil, err
		}
		s.Problem(main, 0, err)
	}
	r.directories(r.dirs, ".sources", true)
	return r.c, nil
}

// file reads one file; of a file of sources only the sources count.
func (r *reader) file(name string, sources bool) error {
	switch {
	case r.stopped:
		return nil
	case len(r.c.Files) == maxFiles:
		r.stopped = true
		return binread.Limit("more than %d files", maxFiles)
	case r.depth == maxNesting:
		r.stopped = true
		return binread.Limit("files include each other more than %d deep", maxNesting)
	}
	r.depth++
	defer func() { r.depth-- }()
	err := r.s.Lines(name, func(n int, text string) {
		if err := r.line(facts.Source{Path: name, Line: n, Text: strings.TrimSpace(text)}, sources); err != nil {
			r.s.Problem(name, n, err)
		}
	})
	if err == nil {
		r.c.Files = append(r.c.Files, name)
	}
	return err
}

func (r *reader) line(at facts.Source, sources bool) error {
	words := strings.Fields(at.Text)
	if len(words) == 0 || strings.ContainsRune("!;#%", rune(words[0][0])) {
		return nil
	}
	if len(at.Text) > maxLine {
		return fmt.Errorf("line has %d bytes, want at most %d", len(at.Text), maxLine)
	}
	key, args := strings.ToLower(words[0]), words[1:]
	switch key {
	case "server", "pool", "peer":
		return r.source(key, args, at)
	}
	if sources {
		return fmt.Errorf("%q does not belong into a file of sources", key)
	}
	switch key {
	case "include", "confdir", "sourcedir", "user":
		if len(args) == 0 {
			return fmt.Errorf("%s has no argument", key)
		}
	}
	switch key {
	case "include":
		r.include(args[0], at)
	case "confdir":
		r.directories(args, ".conf", false)
	case "sourcedir":
		r.dirs = append(r.dirs, args...)
		r.c.SourceDirs = append(r.c.SourceDirs, args...)
	case "user":
		r.c.User = facts.Override(r.c.User, args[0], at)
	default:
		r.c.Settings[key] = facts.Override(r.c.Settings[key], strings.Join(args, " "), at)
	}
	return nil
}

func (r *reader) source(kind string, args []string, at facts.Source) error {
	if len(args) == 0 {
		return fmt.Errorf("%s has no name", kind)
	}
	list := map[string]*[]facts.TimeServer{"server": &r.c.Servers, "pool": &r.c.Pools, "peer": &r.c.Peers}[kind]
	if len(*list) == maxSources {
		return binread.Limit("more than %d time servers", maxSources)
	}
	*list = append(*list, facts.TimeServer{Name: args[0], Kind: kind, Options: slices.Clone(args[1:]), Source: at})
	return nil
}

func (r *reader) include(pattern string, at facts.Source) {
	paths := r.s.Glob(pattern)
	slices.Sort(paths)
	for _, p := range paths {
		if err := r.file(p, false); err != nil {
			r.s.Problem(p, 0, err)
		}
	}
	if len(paths) == 0 && !strings.ContainsAny(pattern, "*?[") {
		r.s.Problem(at.Path, at.Line, fmt.Errorf("%s is included and does not exist", pattern))
	}
}

// directories reads the files of the directories in the order of their names; of one name only that of the first counts.
func (r *reader) directories(dirs []string, suffix string, sources bool) {
	for _, f := range r.s.DropIns(suffix, clean(dirs)...) {
		if f.Masked {
			continue
		}
		if err := r.file(f.Path, sources); err != nil {
			r.s.Problem(f.Path, 0, err)
			if r.stopped {
				return
			}
		}
	}
}

func clean(dirs []string) []string {
	all := []string{}
	for _, d := range dirs {
		all = append(all, path.Clean(d))
	}
	return all
}
