package engine

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/volume"
)

// Layout is a kind of image whose system lies in files that are file systems themselves.
type layout struct {
	name string
	// files are the paths of such files from the root of a file system, with patterns as package path has them; nil for a system whose
	// root itself lies on a volume.
	files []string
	// root chooses the layers of the system's root; nil where the files are only named.
	root func(*medium) layers
}

// layouts lists the kinds of images whose files are looked into.
func layouts() []layout {
	return []layout{
		{"Debian live", []string{"/live/*.squashfs", "/live/*.ext[234]", "/live/*.xfs", "/persistence"}, debianRoot},
		{"Ubuntu live", []string{"/casper/*.squashfs", "/casper/*.ext2", "/writable", "/casper-rw", "/home-rw"}, casperRoot},
		{"dracut live", []string{"/LiveOS/squashfs.img", "/LiveOS/rootfs.img", "/LiveOS/ext3fs.img", "/LiveOS/overlay-*"}, dracutRoot},
		{"Arch Linux live", []string{"/arch/*/airootfs.sfs", "/arch/*/airootfs.erofs"}, archRoot},
		{"Alpine Linux live", []string{"/boot/modloop-*"}, nil},
		{"OpenWrt", nil, openwrtRoot}, // its layers are partitions
	}
}

// has reports whether a path is that of one of the layout's files.
func (l *layout) has(file string) bool {
	return slices.ContainsFunc(l.files, func(pattern string) bool {
		ok, err := path.Match(pattern, file)
		return ok && err == nil
	})
}

// addFiles adds the files of a file system that are file systems themselves. In one that holds an installed system nothing is looked for:
// what lies there is data of that system.
func (d *discovery) addFiles(v Volume) {
	if v.FS == nil {
		return
	}
	d.addOpenWrt(v)
	if node, err := walkTo(v.FS, "/etc"); node != 0 || err != nil {
		return
	}
	for _, l := range layouts() {
		for _, pattern := range l.files {
			paths, err := filesLike(v.FS, pattern)
			if err != nil {
				d.Problems = append(d.Problems, v.Name+":"+pattern+": "+err.Error())
			}
			for _, p := range paths {
				if child := fileVolume(&v, p); child != nil && d.unseen(child) && d.room(v, child) {
					d.add(child)
				}
			}
		}
	}
}

// unseen reports whether a file was not added before: a hybrid disc shows each in several file systems.
func (d *discovery) unseen(v *volume.Volume) bool {
	at, ok := v.Bottom(0, 1)
	if !ok {
		return true
	}
	at.Len = v.Size
	known := d.files[at]
	d.files[at] = true
	return !known
}

// fileVolume makes a volume of a file; nil of what is none, or is empty.
func fileVolume(v *Volume, file string) *volume.Volume {
	node, err := walkTo(v.FS, file)
	if node == 0 || err != nil {
		return nil
	}
	child := &volume.Volume{Name: v.Name + ":" + file, Kind: "file", Parent: v.Volume, File: file}
	f, err := v.FS.Open(node)
	if f == nil {
		child.ReaderAt, child.Err = strings.NewReader(""), err
		return child
	}
	if f.Size() == 0 {
		return nil
	}
	child.ReaderAt, child.Size, child.Err = f, f.Size(), err
	if m, ok := f.(filesys.Mapped); ok {
		child.Lies = liesIn(v.Volume, m)
	}
	return child
}

// liesIn tells where the bytes of a file lie in its volume; nil where nobody knows.
func liesIn(v *volume.Volume, f filesys.Mapped) func(off, n int64) (volume.Place, bool) {
	var runs []filesys.Run
	if !f.Runs(func(r filesys.Run) { runs = append(runs, r) }) {
		return nil
	}
	return func(off, n int64) (volume.Place, bool) {
		for _, r := range runs {
			if off < r.Len {
				return volume.Place{At: v, Off: r.Off + off, Len: min(n, r.Len-off)}, !r.Zero
			}
			off -= r.Len
		}
		return volume.Place{}, false
	}
}

// filesLike returns the paths of regular files that match a pattern, in order. What is not there is no error.
func filesLike(f filesys.FS, pattern string) ([]string, error) {
	found := []string{""}
	var bad binread.Errors
	for name := range strings.SplitSeq(pattern[1:], "/") {
		var next []string
		for _, base := range found {
			names, err := namesLike(f, base, name)
			bad.Add(err)
			for _, n := range names {
				next = append(next, base+"/"+n)
			}
		}
		found = next[:min(len(next), maxVolumes)]
	}
	return slices.DeleteFunc(found, func(p string) bool {
		node, err := walkTo(f, p)
		if err != nil {
			return false // who opens it learns why
		}
		st, err := f.Stat(node)
		return err == nil && !st.IsRegular()
	}), bad.Err()
}

// namesLike returns the names in a directory that match a pattern.
func namesLike(f filesys.FS, dir, pattern string) (names []string, err error) {
	node, err := walkTo(f, dir)
	if node == 0 || err != nil {
		return nil, err
	}
	if !strings.ContainsAny(pattern, "*[") {
		child, err := lookUp(f, node, pattern)
		if child != 0 {
			names = []string{pattern}
		}
		return names, err
	}
	if st, err := f.Stat(node); err != nil || !st.IsDir() {
		return nil, err
	}
	entries, err := f.ReadDir(node)
	for _, e := range entries {
		if ok, matchErr := path.Match(pattern, e.Name); ok && matchErr == nil {
			names = append(names, e.Name)
		}
	}
	return names, err
}

// walkTo returns the node of a path of a file system, which leads through no link; 0 where there is none.
func walkTo(f filesys.FS, to string) (filesys.Node, error) {
	node := f.Root()
	for name := range strings.SplitSeq(strings.Trim(to, "/"), "/") {
		if name == "" {
			continue
		}
		next, err := lookUp(f, node, name)
		if next == 0 || err != nil {
			return 0, err
		}
		node = next
	}
	return node, nil
}

// lookUp finds a name; 0 is that it is not there. What is no directory holds nothing.
func lookUp(f filesys.FS, dir filesys.Node, name string) (filesys.Node, error) {
	if st, err := f.Stat(dir); err != nil || !st.IsDir() {
		return 0, err
	}
	node, err := f.Lookup(dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	return node, err
}
