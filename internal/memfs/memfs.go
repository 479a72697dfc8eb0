// Package memfs is a file system in memory for tests of the packages above engine/filesys. It can be told to be damaged.
// It holds what the test gives it and checks nothing.
package memfs

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// File is one object of the file system. The zero File is an empty file with mode 0644, owned by root.
type File struct {
	Data string
	Link string // target; makes it a symbolic link
	Same string // path of another object this is a second name of, as a hard link; the rest is ignored then
	// Mode has the bits of filesys.Stat.Mode. Where it has no type, the object is a file, or a link when Link is set.
	Mode     uint32
	UID, GID uint32
	Xattrs   map[string][]byte
	Streams  map[string]string // content by name, beside that of the file
	Flags    []string          // as in filesys.Stat
	Modify   time.Time
	// StatErr is what Stat returns, and Err what reading the content, the entries, the target or the attributes returns.
	// One of kind binread.ErrChecksum comes with the value; any other comes in its place, save that a directory still
	// lists its entries. A directory with an Err answers Lookup of a name it does not have with it.
	StatErr, Err error
}

// Dir returns an empty directory with mode 0755.
func Dir() File { return File{Mode: filesys.ModeDir | 0o755} }

// FS is a file system in memory.
type FS struct {
	Desc  filesys.Description
	nodes []node // by filesys.Node; 0 is none
}

type node struct {
	File
	entries map[string]filesys.Node
}

const root = 1

// New returns a file system with files by path. A leading slash is optional, and missing parents are made.
func New(files map[string]File) *FS {
	f := &FS{Desc: filesys.Description{Type: "memfs", BlockSize: 4096, Free: -1}, nodes: make([]node, root)}
	f.add(Dir())
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if files[path].Same == "" {
			f.put(path, files[path])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if same := files[path].Same; same != "" {
			dir, name := f.parent(path)
			f.nodes[dir].entries[name] = f.find(same)
		}
	}
	return f
}

func (f *FS) add(file File) filesys.Node {
	switch {
	case file.Mode&filesys.ModeType != 0:
	case file.Link != "":
		file.Mode = filesys.ModeSymlink | 0o777
	case file.Mode == 0:
		file.Mode = filesys.ModeRegular | 0o644
	default:
		file.Mode |= filesys.ModeRegular
	}
	f.nodes = append(f.nodes, node{file, map[string]filesys.Node{}})
	return filesys.Node(len(f.nodes) - 1)
}

// put adds file at path, or gives a directory that is there already its properties.
func (f *FS) put(path string, file File) {
	dir, name := f.parent(path)
	if name == "" {
		f.nodes[root].File = file
		return
	}
	if n, ok := f.nodes[dir].entries[name]; ok {
		f.nodes[n].File = file
		return
	}
	f.nodes[dir].entries[name] = f.add(file)
}

// parent returns the directory that path is in, made where it is missing, and the last name.
func (f *FS) parent(path string) (filesys.Node, string) {
	dir := filesys.Node(root)
	names := strings.Split(strings.Trim(path, "/"), "/")
	for _, name := range names[:len(names)-1] {
		next, ok := f.nodes[dir].entries[name]
		if !ok {
			next = f.add(Dir())
			f.nodes[dir].entries[name] = next
		}
		dir = next
	}
	return dir, names[len(names)-1]
}

func (f *FS) find(path string) filesys.Node {
	n := filesys.Node(root)
	for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if name != "" {
			n = f.nodes[n].entries[name]
		}
	}
	return n
}

// Description returns what Desc holds.
func (f *FS) Description() filesys.Description { return f.Desc }

// Root returns the root directory.
func (f *FS) Root() filesys.Node { return root }

// Stat describes a node.
func (f *FS) Stat(n filesys.Node) (filesys.Stat, error) {
	if n == 0 || int(n) >= len(f.nodes) {
		return filesys.Stat{}, binread.Corrupt("node %d, want at most %d", n, len(f.nodes)-1)
	}
	file := f.nodes[n].File
	if file.StatErr != nil && !damaged(file.StatErr) {
		return filesys.Stat{}, file.StatErr
	}
	size := int64(len(file.Data))
	if file.Mode&filesys.ModeType == filesys.ModeSymlink {
		size = int64(len(file.Link))
	}
	return filesys.Stat{
		Node: n, Mode: file.Mode, UID: file.UID, GID: file.GID, Links: 1, Size: size, Allocated: size,
		Flags: file.Flags, Modify: file.Modify,
	}, file.StatErr
}

// Lookup finds name in dir.
func (f *FS) Lookup(dir filesys.Node, name string) (filesys.Node, error) {
	d, err := f.typed(dir, filesys.ModeDir)
	if err != nil {
		return 0, err
	}
	if n, ok := d.entries[name]; ok {
		return n, nil
	}
	if d.Err != nil {
		return 0, d.Err
	}
	return 0, fs.ErrNotExist
}

// ReadDir lists dir.
func (f *FS) ReadDir(dir filesys.Node) ([]filesys.DirEntry, error) {
	d, err := f.typed(dir, filesys.ModeDir)
	if err != nil {
		return nil, err
	}
	var list []filesys.DirEntry
	for _, name := range slices.Sorted(maps.Keys(d.entries)) {
		n := d.entries[name]
		list = append(list, filesys.DirEntry{Name: name, Node: n, Type: filesys.TypeOf(f.nodes[n].Mode)})
	}
	return list, d.Err
}

// ReadLink returns the target of a link.
func (f *FS) ReadLink(n filesys.Node) (string, error) {
	l, err := f.typed(n, filesys.ModeSymlink)
	if err != nil {
		return "", err
	}
	if l.Err != nil && !damaged(l.Err) {
		return "", l.Err
	}
	return l.Link, l.Err
}

// Open opens a regular file.
func (f *FS) Open(n filesys.Node) (filesys.File, error) {
	file, err := f.typed(n, filesys.ModeRegular)
	if err != nil {
		return nil, err
	}
	c := content{Reader: strings.NewReader(file.Data)}
	if damaged(file.Err) {
		return c, file.Err
	}
	c.err = file.Err
	return c, nil
}

// Xattrs returns the extended attributes of a node.
func (f *FS) Xattrs(n filesys.Node) (map[string][]byte, error) {
	if _, err := f.Stat(n); err != nil && !damaged(err) {
		return nil, err
	}
	file := f.nodes[n]
	if file.Err != nil && !damaged(file.Err) {
		return nil, file.Err
	}
	return file.Xattrs, file.Err
}

func (f *FS) typed(n filesys.Node, want uint32) (node, error) {
	st, err := f.Stat(n)
	if err != nil && !damaged(err) {
		return node{}, err
	}
	if st.Mode&filesys.ModeType != want {
		return node{}, binread.Corrupt("node %d is a %s, want a %s", n, filesys.TypeName(st.Mode), filesys.TypeName(want))
	}
	return f.nodes[n], nil
}

func damaged(err error) bool { return errors.Is(err, binread.ErrChecksum) }

// content is an open file.
type content struct {
	*strings.Reader
	err error
}

// Size is the length in bytes. Content that cannot be read is never empty, so that somebody finds out.
func (c content) Size() int64 {
	if c.err != nil {
		return max(1, c.Reader.Size())
	}
	return c.Reader.Size()
}

// ReadAt reads at off.
func (c content) ReadAt(b []byte, off int64) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	return c.Reader.ReadAt(b, off)
}
