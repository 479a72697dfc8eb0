package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/filesys"
)

// The kinds of trees.
const (
	Subvolume  = "subvolume"
	Snapshot   = "snapshot"
	Copy       = "copy"       // of files, as rsync makes it for timeshift
	Deployment = "deployment" // of ostree
)

// Tree is a directory of a file system that is the root of an operating system: of the one that boots, or of another. The zero Tree is
// the root of a file system that holds one.
type Tree struct {
	Name     string // path from the top of the file system, as bytes and without a slash before it
	Kind     string // "" for the root of a file system that holds one
	ID       uint64 // of a subvolume
	ReadOnly bool
	Created  time.Time // zero where nobody knows
	Made     Made

	node filesys.Node // 0 is the root of the file system
	// physical is the tree that a deployment lies in, and stateroot the path from there to what it shares with others of its system.
	physical  *Tree
	stateroot string
}

// Made is what the program that made a tree says of it.
type Made struct {
	By          string // "snapper", "timeshift", "ostree"
	Type        string // "pre", "daily", the branch of a deployment
	Description string
}

// treeOf is what a file system says of one of its roots.
func treeOf(r filesys.Root) Tree {
	t := Tree{Name: r.Name, Kind: Subvolume, ID: r.ID, ReadOnly: r.ReadOnly, Created: r.Created, node: r.Node}
	if r.Parent != "" {
		t.Kind = Snapshot
	}
	return t
}

// rootsOf lists the roots of a file system; none where it holds one. The error says that some are missing.
func rootsOf(f filesys.FS) ([]filesys.Root, error) {
	rooted, ok := f.(filesys.Rooted)
	if !ok {
		return nil, nil
	}
	return rooted.Roots()
}

// top is the tree that holds all others of a volume.
func top(v Volume) Tree {
	roots, _ := rootsOf(v.FS) // where the top is missing, so are those below it
	if i := slices.IndexFunc(roots, func(r filesys.Root) bool { return r.Name == "" }); i >= 0 {
		return treeOf(roots[i])
	}
	return Tree{}
}

// options of a mount that name a subvolume (btrfs(5)): the last of each counts.
type subvolumeOptions struct {
	path, id       string
	hasPath, hasID bool
}

func parseSubvolume(options []string) (s subvolumeOptions) {
	for _, o := range options {
		switch key, value, _ := strings.Cut(o, "="); key {
		case "subvol":
			s.path, s.hasPath = value, true
		case "subvolid":
			s.id, s.hasID = value, true
		}
	}
	return s
}

// Subvolume returns the tree of a volume that the options of a mount name, or false where they name none: then it is the file system's
// own root. An error says why the kernel would not mount it.
func (v Volume) Subvolume(options []string) (t Tree, named bool, err error) {
	o := parseSubvolume(options)
	roots, rootsErr := rootsOf(v.FS)
	if len(roots) == 0 || !o.hasPath && !o.hasID {
		return t, false, rootsErr
	}
	switch {
	case o.hasPath && o.path == "":
		err = errors.New("subvol= names no subvolume")
	case o.hasPath:
		t, err = v.subvolumeAt(o.path, roots)
	default:
		t, err = numbered(o.id, roots)
	}
	if err == nil && o.hasPath && o.hasID {
		other, numberErr := numbered(o.id, roots)
		if err = numberErr; err == nil && other.ID != t.ID {
			err = fmt.Errorf("subvol=%s is subvolume %d, and subvolid=%s another: the kernel mounts neither", o.path, t.ID, o.id)
		}
	}
	if err != nil {
		err = errors.Join(err, rootsErr)
	}
	return t, true, err
}

// subvolumeAt resolves a path from the top of the file system, as the kernel does: links count, and ".." stops at the top.
func (v Volume) subvolumeAt(path string, roots []filesys.Root) (Tree, error) {
	p, _, err := newTree(v, top(v)).resolve("subvol", path, true)
	if err != nil && !damaged(err) {
		if errors.Is(err, fs.ErrNotExist) {
			return Tree{}, fmt.Errorf("there is no subvolume %s", path)
		}
		return Tree{}, err
	}
	i := slices.IndexFunc(roots, func(r filesys.Root) bool { return r.Node == p.node })
	if i < 0 {
		return Tree{}, fmt.Errorf("%s is no subvolume", path)
	}
	return treeOf(roots[i]), nil
}

// numbered finds a subvolume by its number, as subvolid= has it: 0 is the top.
func numbered(id string, roots []filesys.Root) (Tree, error) {
	n, ok := parseNumber(id)
	if !ok {
		return Tree{}, fmt.Errorf("subvolid=%s is no number", id)
	}
	for _, r := range roots {
		if r.ID == n || n == 0 && r.Name == "" {
			return treeOf(r), nil
		}
	}
	return Tree{}, fmt.Errorf("there is no subvolume %d", n)
}
