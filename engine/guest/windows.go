package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/hive"
)

// System is the kind of an operating system.
type System string

// The kinds of operating systems.
const (
	Unix    System = ""        // Linux, and what is laid out like it
	Windows System = "windows" // NT, whose paths mind no case
)

// systemHive is what shows that a volume is the system drive of a Windows.
const systemHive = "Windows/System32/config/SYSTEM"

// maxHive bounds a hive, in bytes: hives of more than 2 GiB do not load.
const maxHive = 2 << 30

// caseless are the file systems whose Lookup minds no case by itself.
var caseless = []string{"ntfs", "vfat", "exfat"}

// hasWindows reports whether a file system is the system drive of a Windows, and which directory Windows is in.
func hasWindows(f filesys.FS) (root string, err error) {
	node := f.Root()
	for i, name := range strings.Split(systemHive, "/") {
		next, err := lookupFolded(f, node, name)
		if next == 0 {
			if errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
			return "", err
		}
		if i == 0 {
			if root, err = nameOf(f, node, next); err != nil {
				return "", err
			}
		}
		st, err := f.Stat(next)
		if err != nil && !damaged(err) {
			return "", err
		}
		if last := strings.HasSuffix(systemHive, "/"+name); !last && !st.IsDir() || last && !st.IsRegular() {
			return "", nil
		}
		node = next
	}
	return root, nil
}

// nameOf returns the name that node has in a directory.
func nameOf(f filesys.FS, dir, node filesys.Node) (string, error) {
	entries, err := f.ReadDir(dir)
	i := slices.IndexFunc(entries, func(e filesys.DirEntry) bool { return e.Node == node })
	if i < 0 {
		return "", first(err, fs.ErrNotExist)
	}
	return entries[i].Name, nil
}

// lookupFolded finds a name in any case, on a file system that minds it, too.
func lookupFolded(f filesys.FS, dir filesys.Node, name string) (filesys.Node, error) {
	node, err := f.Lookup(dir, name)
	if node != 0 || !errors.Is(err, fs.ErrNotExist) || slices.Contains(caseless, f.Description().Type) {
		return node, err
	}
	entries, listErr := f.ReadDir(dir)
	for _, e := range entries {
		if strings.EqualFold(e.Name, name) {
			return e.Node, nil
		}
	}
	return 0, first(listErr, err)
}

// lookup finds a name in a directory of the guest.
func (g *Guest) lookup(dir place, name string) (filesys.Node, error) {
	if g.System == Windows {
		return lookupFolded(dir.at.fs, dir.node, name)
	}
	return dir.at.fs.Lookup(dir.node, name)
}

// Hive opens the registry hive at path, with the logs of transactions that lie beside it. It may come with an error of kind
// binread.ErrChecksum, as everything that is read.
func (g *Guest) Hive(path string) (*hive.Hive, error) {
	f, err := g.Open(path)
	if f == nil {
		return nil, err
	}
	if f.Size() > maxHive {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("hive of %d bytes, want at most %d", f.Size(), int64(maxHive))}
	}
	var logs []hive.Log
	for _, suffix := range []string{".LOG1", ".LOG2", ".LOG"} {
		log, logErr := g.Open(path + suffix)
		switch {
		case log != nil:
			logs = append(logs, hive.Log{Name: path[strings.LastIndexByte(path, '/')+1:] + suffix, ReaderAt: log, Size: log.Size()})
			err = first(err, logErr)
		case !errors.Is(logErr, fs.ErrNotExist):
			return nil, logErr
		}
	}
	h, openErr := hive.Open(f, f.Size(), logs...)
	if openErr != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: openErr}
	}
	return h, err
}

// assembleWindows names the volumes by the letters that the guest remembers. What cannot be found is recorded.
func assembleWindows(root Volume, dir string, volumes []Volume) *Guest {
	g := newTree(root, Tree{})
	g.System, g.SystemRoot, g.systemDrive = Windows, "/"+dir, "c:"
	path := "/" + dir + strings.TrimPrefix(systemHive, "Windows")
	h, err := g.Hive(path)
	if err != nil {
		g.Problems = append(g.Problems, Problem{Path: path, Message: err.Error()})
	}
	if h == nil {
		g.doubtDrives = true
		return g
	}
	if err := g.mountDrives(h, volumes); err != nil {
		g.Problems = append(g.Problems, Problem{Path: path, Message: `MountedDevices: ` + err.Error()})
		g.doubtDrives = true
	}
	return g
}
