package facts

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// DropIn is one configuration file out of several directories that overlay each other.
type DropIn struct {
	Path string
	// Masked is set for a link to /dev/null, which takes the files of the same name out of force.
	Masked bool
	// Shadows are the files of the same name in directories of lower priority. They are not read.
	Shadows []string
}

// DropIns returns the files whose names end in suffix, from directories that are given highest priority first. Of files
// with one name only that of the first directory counts, and the order is that of the names over all directories, as
// systemd has it (systemd.unit(5), sysctl.d(5)) and modprobe too. Names that begin with a dot do not count. Directories
// that are the same one, such as /lib and /usr/lib after the merge, are read once.
func (s *Scope) DropIns(suffix string, dirs ...string) []DropIn {
	byName := map[string]*DropIn{}
	seen := map[string]bool{}
	for _, dir := range dirs {
		resolved, err := s.Guest.Resolve(dir)
		if err != nil && !damaged(err) {
			if !errors.Is(err, fs.ErrNotExist) {
				s.Problem(dir, 0, err)
			}
			continue
		}
		if seen[resolved] {
			continue
		}
		seen[resolved] = true
		for _, e := range s.ReadDir(dir) {
			if e.Type.IsDir() || !strings.HasSuffix(e.Name, suffix) || strings.HasPrefix(e.Name, ".") {
				continue
			}
			file := path.Join(dir, e.Name)
			if first, ok := byName[e.Name]; ok {
				first.Shadows = append(first.Shadows, file)
				continue
			}
			byName[e.Name] = &DropIn{Path: file, Masked: s.masks(file, e.Type)}
		}
	}
	var files []DropIn
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		files = append(files, *byName[name])
	}
	return files
}

// masks reports whether the file is a link to /dev/null.
func (s *Scope) masks(file string, typ fs.FileMode) bool {
	if typ&fs.ModeSymlink == 0 {
		return false
	}
	target, err := s.Guest.ReadLink(file)
	if err != nil {
		s.Problem(file, 0, err)
	}
	return path.Clean(path.Join(path.Dir(file), target)) == "/dev/null" || path.Clean(target) == "/dev/null"
}
