package intel

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// file is one file of a feed.
type file struct {
	name  string // that people see: the name of the file, with that of the folder it was found in
	path  string // on the host
	r     *bufio.Reader
	close func() error
}

// place is where a file of a feed lies.
type place struct {
	name, path string
	found      bool // in a folder, where other files lie too
}

// places lists the files that the user named, those in folders by name. Of a feed of MISP it takes the events that the manifest lists.
func (b *builder) places(paths []string) (all []place, err error) {
	for _, p := range paths {
		info, err := os.Stat(p)
		switch {
		case err != nil:
			return nil, err
		case info.Mode().IsRegular() && filepath.Base(p) == manifestName && isManifest(p):
			p = filepath.Dir(p)
		case info.Mode().IsRegular():
			all = append(all, place{name: filepath.Base(p), path: p})
			continue
		case !info.IsDir():
			return nil, fmt.Errorf("%s: neither a file nor a folder", p)
		}
		more, err := b.folder(p)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	if len(all) > maxFiles {
		return nil, tooMany("files of feeds", maxFiles)
	}
	return all, nil
}

const manifestName = "manifest.json"

// folder lists the files in a folder and those below it. Links and hidden files are none.
func (b *builder) folder(dir string) (all []place, err error) {
	base := filepath.Base(filepath.Clean(dir))
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(d.Name(), ".") && p != dir:
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() && isManifest(filepath.Join(p, manifestName)):
			events, err := b.manifest(p, nameIn(base, dir, p))
			if err != nil {
				return err
			}
			all = append(all, events...)
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		all = append(all, place{nameIn(base, dir, p), p, true})
		if len(all) > maxFiles {
			return tooMany("files of feeds", maxFiles)
		}
		return nil
	})
	return all, err
}

// nameIn is the path of a file from the folder that the user named.
func nameIn(base, dir, p string) string {
	rel, err := filepath.Rel(dir, p)
	if err != nil || rel == "." {
		return base
	}
	return base + "/" + filepath.ToSlash(rel)
}

// isManifest knows the list of events of a feed of MISP: an object whose keys are UUIDs.
func isManifest(p string) bool {
	f, err := os.Open(p)
	if err != nil {
		return false
	}
	defer f.Close()
	dec := json.NewDecoder(io.LimitReader(f, sniffed))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	t, err := dec.Token()
	key, _ := t.(string)
	return err == nil && isUUID(key)
}

// manifest lists the events of a feed of MISP.
func (b *builder) manifest(dir, name string) (all []place, err error) {
	f, err := os.Open(filepath.Join(dir, manifestName))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	j := newJSONReader(f)
	if _, err := j.delim(); err != nil {
		return nil, fmt.Errorf("%s/%s: %w", name, manifestName, err)
	}
	err = j.members(func(key string) error {
		if !isUUID(key) || len(all) > maxFiles {
			return j.where(fmt.Errorf("%.60q, want the UUID of one of at most %d events", key, maxFiles))
		}
		file := filepath.Join(dir, key+".json")
		if info, err := os.Lstat(file); err != nil || !info.Mode().IsRegular() {
			b.unused("misp: event of the manifest that is not there")
		} else {
			all = append(all, place{name: name + "/" + key + ".json", path: file})
		}
		return j.skip()
	})
	if err == nil {
		err = j.end()
	}
	if err != nil {
		return nil, fmt.Errorf("%s/%s: %w", name, manifestName, err)
	}
	slices.SortFunc(all, func(x, y place) int { return strings.Compare(x.name, y.name) })
	return all, nil
}

// open opens a file of a feed, and returns its first bytes.
func (p place) open() (f *file, head []byte, err error) {
	h, err := os.Open(p.path)
	if err != nil {
		return nil, nil, err
	}
	r := bufio.NewReaderSize(&limited{h, maxText}, sniffed)
	head, err = r.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, errors.Join(err, h.Close())
	}
	return &file{p.name, p.path, r, h.Close}, head, nil
}

// limited ends in an error, not in the end of the file, when there is more than its limit.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, binread.Limit("a feed of more than %d bytes", int64(maxText))
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// read takes the indicators of one file in the format that it has.
func (b *builder) read(f *file, head []byte, found bool) error {
	for _, format := range formats() {
		if !format.is(head) {
			continue
		}
		b.begin(f.name, format.name)
		return format.read(b, f)
	}
	if found {
		b.unused("file that is no feed")
		return nil
	}
	return fmt.Errorf("%s: no feed in a known format, want one of: %s", f.name, strings.Join(Formats(), ", "))
}
