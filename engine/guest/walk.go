package guest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxDepth   = 512     // directories below each other
	maxObjects = 1 << 26 // one walk visits, so that a directory graph cannot keep it busy for ever
)

// Visit is called for every object of a walk. An error says what could not be read of it, or of the directory that it is;
// the object's other fields may be zero then. SkipDir and SkipAll of package io/fs work as in fs.WalkDir.
type Visit func(o Object, err error) error

// Walk visits the object at root and everything below it, in the order of names, following mounts and no links. No subvolume is entered
// twice: one that is mounted below root is entered there. A walk from / does not enter the snapshots that snapper and timeshift keep, nor
// the deployments beside the guest's own. The Apart of a directory says why it is not entered.
func (g *Guest) Walk(ctx context.Context, root string, visit Visit) error {
	p, t, err := g.resolve("walk", root, false)
	if err != nil && !damaged(err) {
		return err
	}
	w := walker{ctx: ctx, g: g, visit: visit, dirs: map[place]bool{}, apart: g.apartBelow(t.path()), entered: map[inode]bool{}}
	if err = w.walk(p, t.path(), err); err == nil {
		err = w.rest()
	}
	if errors.Is(err, fs.SkipAll) || errors.Is(err, fs.SkipDir) {
		return nil
	}
	return err
}

type walker struct {
	ctx   context.Context
	g     *Guest
	visit Visit
	dirs  map[place]bool // directories visited: a damaged one may contain itself, or have two names
	apart *apart
	// entered are the subvolumes that were, and put off those that are to be entered where they are mounted.
	entered map[inode]bool
	putOff  []Object
	depth   int
	seen    int
}

// why says why a directory is not entered; "" when it is.
func (w *walker) why(o Object) string {
	if len(w.apart.subvolumes)+len(w.apart.left) == 0 {
		return ""
	}
	at := inode{o.place.at.device, o.place.node}
	mountPoint := w.seen == 1 || o.place.node == o.place.at.root
	switch {
	case !mountPoint && w.apart.left[at] != "":
		return w.apart.left[at]
	case !w.apart.subvolumes[at]:
		return ""
	case w.entered[at]:
		return ApartMounted
	case w.seen > 1 && w.apart.coming[at] != "" && w.apart.coming[at] != o.Path:
		w.putOff = append(w.putOff, o)
		return ApartMounted
	}
	w.entered[at] = true
	return ""
}

// rest enters what was put off and not entered since, as the visitor skipped what is above the mount point.
func (w *walker) rest() error {
	for _, o := range w.putOff {
		if at := (inode{o.place.at.device, o.place.node}); !w.entered[at] {
			w.entered[at] = true
			if err := w.dir(o.place, o); err != nil && !errors.Is(err, fs.SkipDir) {
				return err
			}
		}
	}
	return nil
}

func (w *walker) walk(p place, path string, err error) error {
	if w.seen++; w.seen > maxObjects {
		return binread.Limit("%s: more than %d objects", path, maxObjects)
	}
	if p.at.unread != "" {
		return w.visit(Object{Path: path, Device: p.at.device}, wrap("walk", path, p, fmt.Errorf("%w: %s", ErrUnread, p.at.unread)))
	}
	st, statErr := p.at.fs.Stat(p.node)
	o := Object{Stat: st, Path: path, Device: p.at.device, place: p}
	err = first(err, wrap("stat", path, p, statErr), o.taint("stat"))
	if !st.IsDir() || statErr != nil && !damaged(statErr) {
		return w.visit(o, err)
	}
	why := w.why(o)
	o.Apart = why
	if err := w.visit(o, err); err != nil || why != "" {
		if errors.Is(err, fs.SkipDir) {
			delete(w.entered, inode{p.at.device, p.node})
			return nil
		}
		return err
	}
	if err := w.dir(p, o); !errors.Is(err, fs.SkipDir) {
		return err
	}
	return nil
}

func (w *walker) dir(p place, o Object) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.dirs[p] || w.depth == maxDepth {
		return w.visit(o, &fs.PathError{Op: "readdir", Path: o.Path, Err: binread.Corrupt("directory has a second name, or is more than %d deep", maxDepth)})
	}
	entries, err := p.at.fs.ReadDir(p.node)
	if err != nil {
		if err := w.visit(o, wrap("readdir", o.Path, p, err)); err != nil {
			return err
		}
	}
	w.dirs[p] = true
	w.depth++
	defer func() { w.depth-- }()
	base := strings.TrimSuffix(o.Path, "/") + "/"
	for _, e := range entries {
		if err := w.walk(w.g.enter(place{p.at, e.Node}), base+e.Name, nil); err != nil {
			return err
		}
	}
	for _, d := range w.g.letters(p) {
		if at, ok := w.g.beside(p, d.Path[1:]); ok {
			if err := w.walk(place{at, at.root}, d.Path, nil); err != nil {
				return err
			}
		}
	}
	return nil
}
