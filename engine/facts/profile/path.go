package profile

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxDirs = 1000 // distinct ones that are described
	// pathmunge is the function of Red Hat's /etc/profile that adds a directory to PATH.
	pathmunge = "pathmunge"
	home      = "/root"
)

// before are the forms of the PATH that was there, as an element of the new one or at one of its ends.
var before = strings.NewReplacer(
	"${PATH:+:${PATH}}", "", "${PATH:+:$PATH}", "", "${PATH:+${PATH}:}", "", "${PATH:+$PATH:}", "", "${PATH}", "", "$PATH", "",
)

// splitPath returns the elements of a PATH. A colon inside of ${ } ends none.
func splitPath(value string) []string {
	var all []string
	start, depth := 0, 0
	for i := range len(value) {
		switch {
		case value[i] == '{' && i > 0 && value[i-1] == '$':
			depth++
		case value[i] == '}' && depth > 0:
			depth--
		case value[i] == ':' && depth == 0:
			all = append(all, value[start:i])
			start = i + 1
		}
	}
	return append(all, value[start:])
}

// directories describes the elements of every assignment.
func directories(s *facts.Scope, p *facts.Profile) {
	owners := s.Owners()
	seen := map[string]bool{}
	for _, set := range p.RootPath {
		for _, element := range set.Entries {
			dir := before.Replace(element)
			if seen[dir] || dir == "" && element != "" || isParameter(dir) {
				continue
			}
			if len(seen) == maxDirs {
				s.Problem(set.Source.Path, set.Source.Line, binread.Limit("more than %d directories in PATH", maxDirs))
				return
			}
			seen[dir] = true
			p.PathDirs = append(p.PathDirs, directory(s, owners, dir))
		}
	}
}

// isParameter reports whether an element is what a function was called with: "$1".
func isParameter(element string) bool {
	name, ok := strings.CutPrefix(strings.NewReplacer("{", "", "}", "").Replace(element), "$")
	return ok && len(name) == 1 && '0' <= name[0] && name[0] <= '9'
}

func directory(s *facts.Scope, owners *facts.Owners, dir string) facts.PathDir {
	d := facts.PathDir{Dir: dir}
	path := expandHome(dir)
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "$`") {
		return d
	}
	o, err := s.Stat(path)
	exists := err == nil
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
	case err != nil:
		s.Problem(path, 0, err)
		return d
	}
	d.Exists = &exists
	if exists {
		i := owners.Inode(path, o)
		d.Type, d.Mode, d.UID, d.GID, d.Owner, d.Group = i.Type, i.Mode, i.UID, i.GID, i.Owner, i.Group
	}
	return d
}

// expandHome puts root's home in place of its variable, or of the ~ at the start.
func expandHome(dir string) string {
	if dir == "~" || strings.HasPrefix(dir, "~/") {
		return home + dir[1:]
	}
	return strings.NewReplacer("${HOME}", home, "$HOME/", home+"/").Replace(dir)
}
