package place

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
)

// File is one name of a file, directory or other object of a file system.
type File struct {
	Path   string // with the mount point of the volume, or with its name before a colon where nothing mounts it
	Volume string
	guest.Object
	// Err is what could not be read of it.
	Err error
	// Layout tells where the content of a regular file lies on the disk; it is zero where that is not known. Files with the same layout
	// have the same content on disks that have the same bytes there.
	Layout [16]byte
}

// mountPoints says where each volume is mounted, "" for the root; a volume that nothing mounts is not in it.
func mountPoints(m *engine.Machine) map[string]string {
	all := map[string]string{}
	for _, g := range m.Guests {
		if len(m.Guests) > 1 {
			continue // the same path would be in several systems
		}
		for _, mount := range g.Mounts {
			if _, ok := all[mount.Device]; !ok && mount.Unread == "" {
				all[mount.Device] = strings.TrimSuffix(mount.Target, "/")
			}
		}
	}
	for _, v := range m.Volumes {
		if _, ok := all[v.Name]; !ok {
			all[v.Name] = v.Name + ":"
		}
	}
	return all
}

// walker looks at every name of one file system.
type walker struct {
	*Map
	volume *engine.Volume
	prefix string
	block  int64                // bytes
	spans  []span               // in the volume
	lies   []byte               // tells where the volume lies
	seen   map[filesys.Node]int // where its first name is in Files
	full   bool
	taint  bool
}

func (w *walker) walk(ctx context.Context, pieces []piece) error {
	for _, p := range pieces {
		w.lies = fmt.Appendln(w.lies, p.off, p.disk, p.at)
	}
	w.seen, w.block = map[filesys.Node]int{}, w.volume.FS.Description().BlockSize
	tree := guest.Bare(guest.Volume{Device: w.volume.Name, Number: w.volume.Number, FS: w.volume.FS})
	if err := tree.Walk(ctx, "/", w.visit); err != nil {
		if ctx.Err() != nil {
			return err
		}
		w.problem(w.prefix+"/", err.Error())
	}
	w.spans = separate(w.spans)
	return nil
}

func (w *walker) visit(o guest.Object, err error) error {
	if t, ok := guest.TaintOf(err); ok {
		if !w.taint {
			w.problem(w.volume.Name, t.Reason)
		}
		w.taint, err = true, nil
	}
	f := File{Path: w.prefix + o.Path, Volume: w.volume.Name, Object: o, Err: err}
	if f.Path == w.prefix+"/" && w.prefix != "" && !strings.HasSuffix(w.prefix, ":") {
		f.Path = w.prefix
	}
	if n := len(w.Files); err != nil && n > 0 && w.Files[n-1].Path == f.Path {
		w.Files[n-1].Err = err // what is wrong with a directory is told after the directory
		w.problem(f.Path, err.Error())
		return nil
	}
	if err != nil {
		w.problem(f.Path, err.Error())
	}
	first, again := w.seen[o.Node]
	switch {
	case again:
		f.Layout = w.Files[first].Layout
	case o.IsRegular():
		f.Layout = w.content(o)
	}
	if !again {
		w.seen[o.Node] = len(w.Files)
	}
	w.Files = append(w.Files, f)
	return nil
}

// content notes where the content of a file lies.
func (w *walker) content(o guest.Object) (layout [16]byte) {
	f, err := o.Open()
	if f == nil || err != nil && !tainted(err) {
		return layout
	}
	mapped, ok := f.File.(filesys.Mapped)
	if !ok {
		return layout
	}
	sum := sha256.New()
	sum.Write(w.lies)
	sum.Write(fmt.Appendln(nil, f.Size()))
	if !mapped.Runs(func(r filesys.Run) { w.run(r, sum) }) {
		return layout // what the journal has newer is not what stands there; the blocks are of this file all the same
	}
	return [16]byte(sum.Sum(nil)[:16])
}

func tainted(err error) bool {
	_, ok := guest.TaintOf(err)
	return ok
}

func (w *walker) run(r filesys.Run, sum hash.Hash) {
	if r.Zero {
		sum.Write(fmt.Appendln(nil, "zeros", r.Len))
		return
	}
	off, n := r.Off, r.Len
	sum.Write(fmt.Appendln(nil, off, n))
	if w.block > 0 { // the rest of the last block is the file's, too
		n = (n + w.block - 1) / w.block * w.block
	}
	if off < 0 || n <= 0 || off >= w.volume.Size {
		return
	}
	if len(w.spans) == maxSpans {
		if !w.full {
			w.problem(w.volume.Name, fmt.Sprintf("its files lie in more than %d pieces: the rest is not known", maxSpans))
		}
		w.full = true
		return
	}
	w.spans = append(w.spans, span{off, min(off+n, w.volume.Size), int32(len(w.Files)), Content})
}

// separate orders spans and leaves to each what no span before it has: a damaged file system gives a block to several files.
func separate(spans []span) []span {
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Compare(a.off, b.off) })
	all, at := spans[:0], int64(0)
	for _, s := range spans {
		if s.off = max(s.off, at); s.off < s.end {
			all = append(all, s)
			at = s.end
		}
	}
	return all
}
