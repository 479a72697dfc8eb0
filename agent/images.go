package agent

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Found are the images of a run, and what is wrong with them.
type Found struct {
	Images  []Image
	Missing []string // patterns and files that match nothing
}

// Image is a file to look at.
type Image struct {
	Path    string
	Written time.Time
}

// Stale returns the images that are older than most, which may be 0 for any age.
func (f *Found) Stale(now time.Time, most Duration) (stale []Image) {
	for _, i := range f.Images {
		if most > 0 && now.Sub(i.Written) > time.Duration(most) {
			stale = append(stale, i)
		}
	}
	return stale
}

// Find looks for the images, relative to dir, as they are at the moment. Files of a folder are those that are no other's beginning with
// a dot; folders in it are left out.
func (i *Images) Find(dir string) (*Found, error) {
	f := &Found{}
	seen := map[string]bool{}
	add := func(images ...Image) {
		for _, image := range images {
			if !seen[image.Path] {
				seen[image.Path] = true
				f.Images = append(f.Images, image)
			}
		}
	}
	for _, pattern := range i.Paths {
		images, err := match(within(dir, pattern))
		if err != nil {
			return nil, err
		}
		if len(images) == 0 {
			f.Missing = append(f.Missing, pattern)
		}
		add(images...)
	}
	for _, pattern := range i.Latest {
		images, err := match(within(dir, pattern))
		if err != nil {
			return nil, err
		}
		if len(images) == 0 {
			f.Missing = append(f.Missing, pattern)
			continue
		}
		add(slices.MaxFunc(images, func(a, b Image) int {
			return cmp.Or(a.Written.Compare(b.Written), strings.Compare(a.Path, b.Path))
		}))
	}
	return f, nil
}

func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// match returns the files of a path, which may be a pattern or a folder.
func match(pattern string) ([]Image, error) {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pattern, err)
	}
	if len(paths) == 0 { // a name may have the signs of a pattern in it
		paths = []string{pattern}
	}
	var images []Image
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			continue // it is missing
		}
		if !info.IsDir() {
			images = append(images, Image{path, info.ModTime()})
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Type()&fs.ModeType != 0 && e.Type()&fs.ModeSymlink == 0 || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			if info, err := os.Stat(filepath.Join(path, e.Name())); err == nil && info.Mode().IsRegular() {
				images = append(images, Image{filepath.Join(path, e.Name()), info.ModTime()})
			}
		}
	}
	return images, nil
}
