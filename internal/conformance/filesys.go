package conformance

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxDepth    = 64
	randomReads = 16
	walkers     = 4
)

// FS tests a file system: that it holds what truth says and nothing else, and that its methods agree with each other and
// bear wrong questions and many callers at once.
func FS(t *testing.T, fsys filesys.FS, truth []Object) {
	t.Helper()
	if d := fsys.Description(); d.Type == "" || d.BlockSize <= 0 || d.Size <= 0 {
		t.Errorf("description: type %q, block size %d, size %d", d.Type, d.BlockSize, d.Size)
	}
	nodes := map[string]filesys.Node{}
	if err := Walk(fsys, func(path string, n filesys.Node) error { nodes[path] = n; return nil }); err != nil {
		t.Error(err)
	}
	compareTruth(t, fsys, nodes, truth)
	for path, n := range nodes {
		checkNode(t, fsys, path, n)
	}
	checkStrangers(t, fsys)
	checkConcurrency(t, fsys, nodes)
}

// Walk calls visit with every object of a file system, a directory before what it holds. It reads on behind damage and
// returns all errors joined.
func Walk(fsys filesys.FS, visit func(path string, n filesys.Node) error) error {
	var errs []error
	seen := map[filesys.Node]bool{} // a damaged directory may hold one that is above it
	var walk func(path string, n filesys.Node, depth int)
	walk = func(path string, n filesys.Node, depth int) {
		if err := visit(path, n); err != nil {
			errs = append(errs, fmt.Errorf("%q: %w", path, err))
		}
		st, err := fsys.Stat(n)
		if err != nil {
			errs = append(errs, fmt.Errorf("%q: %w", path, err))
		}
		if !st.IsDir() {
			return
		}
		if depth == maxDepth {
			errs = append(errs, fmt.Errorf("%q: more than %d directories deep", path, maxDepth))
			return
		}
		if seen[n] {
			errs = append(errs, fmt.Errorf("%q: directory %d has a second name", path, n))
			return
		}
		seen[n] = true
		entries, err := fsys.ReadDir(n)
		if err != nil {
			errs = append(errs, fmt.Errorf("%q: %w", path, err))
		}
		for _, e := range entries {
			walk(strings.TrimSuffix(path, "/")+"/"+e.Name, e.Node, depth+1)
		}
	}
	walk("/", fsys.Root(), 0)
	return errors.Join(errs...)
}

func compareTruth(t *testing.T, fsys filesys.FS, nodes map[string]filesys.Node, truth []Object) {
	t.Helper()
	known := map[string]bool{}
	for i := range truth {
		want := &truth[i]
		known[want.Path] = true
		n, ok := nodes[want.Path]
		if !ok {
			t.Errorf("%q is missing", want.Path)
			continue
		}
		got, err := Describe(fsys, n)
		if err != nil {
			t.Errorf("%q: %v", want.Path, err)
			continue
		}
		for _, difference := range compare(&got, want) {
			t.Errorf("%q: %s", want.Path, difference)
		}
	}
	for path := range nodes {
		if !known[path] {
			t.Errorf("%q is not in the truth", path)
		}
	}
}

// Describe returns what the file system says of a node, in the form of the truth, without the path.
func Describe(fsys filesys.FS, n filesys.Node) (Object, error) {
	st, err := fsys.Stat(n)
	if err != nil {
		return Object{}, err
	}
	o := Object{
		Type: filesys.TypeName(st.Mode), Mode: fmt.Sprintf("%06o", st.Mode), UID: st.UID, GID: st.GID, Links: st.Links,
		Size: &st.Size, ModTime: fmt.Sprintf("%d.%09d", st.Modify.Unix(), st.Modify.Nanosecond()),
	}
	attrs, err := fsys.Xattrs(n)
	if err != nil {
		return o, err
	}
	for name, value := range attrs {
		if o.Xattrs == nil {
			o.Xattrs = map[string]string{}
		}
		o.Xattrs[name] = hex.EncodeToString(value)
	}
	switch o.Type {
	case "block", "char":
		o.Device = fmt.Sprintf("%d:%d", st.Major, st.Minor)
	case "symlink":
		o.Target, err = fsys.ReadLink(n)
	case "file":
		var f filesys.File
		if f, err = fsys.Open(n); err != nil {
			return o, err
		}
		h := sha256.New()
		_, err = io.Copy(h, io.NewSectionReader(f, 0, f.Size()))
		o.SHA256 = hex.EncodeToString(h.Sum(nil))
	}
	return o, err
}

func compare(got, want *Object) (differences []string) {
	differ := func(what string, got, want any) {
		differences = append(differences, fmt.Sprintf("%s %v, want %v", what, got, want))
	}
	modTime := got.ModTime
	if !strings.Contains(want.ModTime, ".") {
		modTime, _, _ = strings.Cut(modTime, ".")
	}
	for _, text := range []struct{ what, got, want string }{
		{"type", got.Type, want.Type},
		{"mode", got.Mode, want.Mode},
		{"modification time", modTime, want.ModTime},
		{"target", got.Target, want.Target},
		{"sha256", got.SHA256, want.SHA256},
		{"device", got.Device, want.Device},
	} {
		if text.want != "" && text.got != text.want {
			differ(text.what, text.got, text.want)
		}
	}
	if got.UID != want.UID || got.GID != want.GID {
		differ("owner", fmt.Sprint(got.UID, ":", got.GID), fmt.Sprint(want.UID, ":", want.GID))
	}
	if want.Links != 0 && got.Links != want.Links {
		differ("links", got.Links, want.Links)
	}
	if want.Size != nil && *got.Size != *want.Size {
		differ("size", *got.Size, *want.Size)
	}
	if !maps.Equal(got.Xattrs, want.Xattrs) {
		differ("extended attributes", got.Xattrs, want.Xattrs)
	}
	return differences
}

// checkNode tests that what the methods say of one node agrees.
func checkNode(t *testing.T, fsys filesys.FS, path string, n filesys.Node) {
	t.Helper()
	st, err := fsys.Stat(n)
	if err != nil {
		return // the walk has said so
	}
	if st.Node != n {
		t.Errorf("%q: Stat says node %d, want %d", path, st.Node, n)
	}
	if st.IsDir() {
		checkDir(t, fsys, path, n)
	} else {
		if entries, err := fsys.ReadDir(n); err == nil {
			t.Errorf("%q is no directory, and ReadDir gives %d entries", path, len(entries))
		}
		if _, err := fsys.Lookup(n, "x"); err == nil {
			t.Errorf("%q is no directory, and Lookup finds something in it", path)
		}
	}
	if _, err := fsys.ReadLink(n); err == nil && !st.IsSymlink() {
		t.Errorf("%q is no link, and ReadLink gives a target", path)
	}
	f, err := fsys.Open(n)
	switch {
	case err == nil && !st.IsRegular():
		t.Errorf("%q is no file, and Open gives content", path)
	case err == nil:
		checkReads(t, path, f, st.Size)
	}
}

func checkDir(t *testing.T, fsys filesys.FS, path string, n filesys.Node) {
	t.Helper()
	entries, err := fsys.ReadDir(n)
	if err != nil {
		return
	}
	for i, e := range entries {
		if i > 0 && entries[i-1].Name >= e.Name {
			t.Errorf("%q: %q comes before %q", path, entries[i-1].Name, e.Name)
		}
		if got, err := fsys.Lookup(n, e.Name); err != nil || got != e.Node {
			t.Errorf("%q: Lookup(%q) = %d, %v, want %d", path, e.Name, got, err, e.Node)
		}
		if st, err := fsys.Stat(e.Node); err == nil && e.Type != fs.ModeIrregular && e.Type != filesys.TypeOf(st.Mode) {
			t.Errorf("%q: the entry of %q says %v, want %v", path, e.Name, e.Type, filesys.TypeOf(st.Mode))
		}
		if absent := e.Name + "\x01"; i%8 == 0 {
			if _, err := fsys.Lookup(n, absent); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%q: Lookup(%q): %v, want fs.ErrNotExist", path, absent, err)
			}
		}
	}
	for _, name := range []string{"", "no such name", strings.Repeat("?", 255), strings.Repeat("?", 300), "a/b", "\x00"} {
		if _, err := fsys.Lookup(n, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: Lookup(%q): %v, want fs.ErrNotExist", path, name, err)
		}
	}
}

// checkReads tests that reads at any place agree with one read of the whole.
func checkReads(t *testing.T, path string, f filesys.File, size int64) {
	t.Helper()
	if f.Size() != size {
		t.Errorf("%q: the open file has %d bytes, want %d", path, f.Size(), size)
	}
	b := make([]byte, 10)
	if n, err := f.ReadAt(b, size); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%q: a read at the end gives %d bytes, %v, want 0, EOF", path, n, err)
	}
	if n, err := f.ReadAt(b, -1); n != 0 || err == nil {
		t.Errorf("%q: a read at -1 gives %d bytes, %v, want an error", path, n, err)
	}
	if size == 0 || size > 32<<20 {
		return
	}
	whole := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, size), whole); err != nil {
		t.Errorf("%q: %v", path, err)
		return
	}
	random := rand.New(rand.NewPCG(uint64(size), uint64(len(path))))
	for range randomReads {
		off := random.Int64N(size)
		n := 1 + random.Int64N(min(size, 1<<uint(random.IntN(20))))
		got := bytes.Repeat([]byte{0xa5}, int(n)) // what a hole leaves alone shows
		want := whole[off:min(size, off+n)]
		count, err := f.ReadAt(got, off)
		if count != len(want) || !bytes.Equal(got[:count], want) {
			t.Errorf("%q: %d bytes at %d: %d bytes, %v, want those of a whole read", path, n, off, count, err)
		}
		if short := int64(len(want)) < n; short != errors.Is(err, io.EOF) || !short && err != nil {
			t.Errorf("%q: %d bytes at %d of %d: %v", path, n, off, size, err)
		}
	}
}

// checkStrangers asks for nodes that no file system has.
func checkStrangers(t *testing.T, fsys filesys.FS) {
	t.Helper()
	for _, n := range []filesys.Node{1<<64 - 1, 1<<63 + 2, 1<<62 + 12345} {
		_, statErr := fsys.Stat(n)
		_, dirErr := fsys.ReadDir(n)
		_, lookupErr := fsys.Lookup(n, "x")
		_, linkErr := fsys.ReadLink(n)
		_, openErr := fsys.Open(n)
		_, xattrErr := fsys.Xattrs(n)
		for i, err := range []error{statErr, dirErr, lookupErr, linkErr, openErr, xattrErr} {
			if err == nil {
				t.Errorf("node %d: method %d gives no error", n, i)
			}
		}
	}
}

// checkConcurrency describes everything from many goroutines at once; run it with -race.
func checkConcurrency(t *testing.T, fsys filesys.FS, nodes map[string]filesys.Node) {
	t.Helper()
	var group sync.WaitGroup
	results := make([]map[string]string, walkers)
	for i := range walkers {
		results[i] = map[string]string{}
		group.Go(func() {
			left := 1000 // enough to meet the others
			for path, n := range nodes {
				if left--; left < 0 {
					return
				}
				if st, err := fsys.Stat(n); err == nil && st.Size <= 32<<20 {
					o, err := Describe(fsys, n)
					results[i][path] = fmt.Sprint(o.Mode, *o.Size, o.ModTime, o.Target, o.SHA256, o.Xattrs, err)
				}
			}
		})
	}
	group.Wait()
	for path, want := range results[0] {
		for _, other := range results[1:] {
			if got, ok := other[path]; ok && got != want {
				t.Errorf("%q: %s, want %s as another goroutine saw it", path, got, want)
			}
		}
	}
}
