package guest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
)

const (
	copiesDir = "/timeshift/snapshots"
	copyName  = "localhost"
	maxOthers = 4096 // roots of one volume that are looked at
)

// Other is a root that does not boot: a snapshot, another deployment, a copy.
type Other struct {
	Volume Volume
	Tree   Tree
}

// Name is what --root calls it: "p2:@/.snapshots/2/snapshot".
func (o Other) Name() string { return o.Volume.nameOf(o.Tree) }

// Others lists the roots on the volumes that look like one of an operating system, beside those of the systems, the oldest first. The error
// says which may be missing.
func Others(ctx context.Context, volumes []Volume, systems []*Guest) ([]Other, error) {
	var all []Other
	var errs []error
	for _, v := range volumes {
		trees, err := treesOf(ctx, v)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", v.Device, err))
		}
		for _, t := range trees {
			o := Other{v, t}
			if !slices.ContainsFunc(systems, o.is) {
				all = append(all, o)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Other) int {
		return cmp.Or(a.Tree.Created.Compare(b.Tree.Created), cmp.Compare(a.Tree.ID, b.Tree.ID), cmp.Compare(a.Tree.Name, b.Tree.Name))
	})
	return all, errors.Join(errs...)
}

// is reports whether a guest has this root.
func (o Other) is(g *Guest) bool {
	return g.Root.Device == o.Volume.Device && g.mounts[0].root == newMounted(o.Volume, o.Tree.node).root
}

// treesOf lists the trees of a volume that look like the root of an operating system, the file system's only one left out.
func treesOf(ctx context.Context, v Volume) ([]Tree, error) {
	above := newTree(v, top(v))
	roots, err := rootsOf(v.FS)
	errs := []error{err}
	if len(roots) > maxOthers {
		errs = append(errs, fmt.Errorf("%d subvolumes; of these %d were looked at", len(roots), maxOthers))
		roots = roots[:maxOthers]
	}
	var trees []Tree
	for _, r := range roots {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		ok, err := looksLikeRoot(v.FS, r.Node)
		if err != nil {
			errs = append(errs, fmt.Errorf("subvolume %s: %w", r.Name, err))
		}
		if ok && len(roots) > 1 {
			t := treeOf(r)
			t.describe(above)
			trees = append(trees, t)
		}
	}
	for _, ground := range grounds(v) {
		for _, list := range []func(Volume, Tree) ([]Tree, error){deployments, copies} {
			found, err := list(v, ground)
			trees, errs = append(trees, found...), append(errs, err)
		}
	}
	return trees, errors.Join(errs...)
}

// copies lists the snapshots that timeshift made of files in a tree of a volume.
func copies(v Volume, ground Tree) ([]Tree, error) {
	g := newTree(v, ground)
	entries, err := g.ReadDir(copiesDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	errs := []error{err}
	if len(entries) > maxOthers {
		errs = append(errs, fmt.Errorf("%s: %d snapshots; of these %d were looked at", copiesDir, len(entries), maxOthers))
		entries = entries[:maxOthers]
	}
	var found []Tree
	for _, e := range entries {
		dir := path.Join(copiesDir, e.Name, copyName)
		o, err := g.Lstat(dir)
		if err != nil || !o.IsDir() {
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
			continue
		}
		ok, err := looksLikeRoot(v.FS, o.place.node)
		errs = append(errs, err)
		if ok {
			t := Tree{Name: path.Join(ground.Name, dir[1:]), Kind: Copy, ReadOnly: ground.ReadOnly, node: o.place.node}
			t.describe(newTree(v, top(v)))
			found = append(found, t)
		}
	}
	return found, errors.Join(errs...)
}

// Named returns the root that a path from the top of a volume's file system leads to, or false.
func (v Volume) Named(path string) (Tree, bool) {
	roots, _ := rootsOf(v.FS) // what is not there is not there: Others tells why
	for _, r := range roots {
		if r.Name == path {
			return treeOf(r), true
		}
	}
	for _, ground := range grounds(v) {
		for _, list := range []func(Volume, Tree) ([]Tree, error){deployments, copies} {
			found, _ := list(v, ground)
			if i := slices.IndexFunc(found, func(t Tree) bool { return t.Name == path }); i >= 0 {
				return found[i], true
			}
		}
	}
	return Tree{}, false
}
