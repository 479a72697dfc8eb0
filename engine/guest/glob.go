package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const maxGlob = 100_000 // paths that one pattern may match

// HasGlob reports whether path is a pattern rather than a path.
func HasGlob(path string) bool { return strings.ContainsAny(path, `*?[`) }

// Glob returns the paths that match pattern, in order: each name between slashes is matched as path.Match does, and a
// leading dot is matched like any other byte. Links are followed on the way. An error says what could not be read: paths
// may be missing then.
func (g *Guest) Glob(pattern string) ([]string, error) {
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	found := []string{""}
	var errs []error
	for part := range strings.SplitSeq(strings.Trim(pattern, "/"), "/") {
		var next []string
		for _, base := range found {
			names, err := g.matches(base, part)
			next = append(next, names...)
			if err != nil {
				errs = append(errs, err)
			}
			if len(next) > maxGlob {
				return nil, binread.Limit("pattern %q matches more than %d paths", pattern, maxGlob)
			}
		}
		found = next
	}
	return found, errors.Join(errs...)
}

// matches returns the paths of base's entries that match one part of a pattern.
func (g *Guest) matches(base, part string) ([]string, error) {
	if !HasGlob(part) {
		_, err := g.Lstat(base + "/" + part)
		if err == nil || damaged(err) {
			return []string{base + "/" + part}, err
		}
		return nil, absent(err)
	}
	if st, err := g.Stat(base + "/"); err != nil && !damaged(err) || !st.IsDir() {
		return nil, absent(err)
	}
	entries, err := g.ReadDir(base + "/")
	var paths []string
	for _, e := range entries {
		if ok, matchErr := path.Match(g.fold(part), g.fold(e.Name)); ok && matchErr == nil {
			paths = append(paths, base+"/"+e.Name)
		}
	}
	return paths, err
}

// fold makes names equal that are one to the guest.
func (g *Guest) fold(name string) string {
	if g.System == Windows {
		return strings.ToLower(name)
	}
	return name
}

// absent drops the error of something that is not there: it matches nothing.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
