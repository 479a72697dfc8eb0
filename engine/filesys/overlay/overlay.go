// Package overlay puts file systems over each other as overlayfs of Linux does (Documentation/filesystems/overlayfs.rst, and
// fs/overlayfs/namei.c where that leaves a choice): the root of a live system is one.
//
// It knows whiteouts (a character device 0/0, or an empty file with the attribute trusted.overlay.whiteout), opaque directories,
// redirected directories and files that have their content in a lower layer (metacopy), and follows both, as redirect_dir=follow and
// metacopy=on do. Attributes named trusted.overlay.* are its own and not shown. Those named user.overlay.* are the user's: the systems
// whose roots are overlays do not mount with userxattr. Digests of fs-verity are not looked at.
//
// A node is a number given to what was listed, in the order of the first listing: what is no directory has one for all its names in one
// layer. The space for nodes is bounded, as a layer can have one directory under any number of names.
//
// Where a layer cannot tell what it has, nothing is guessed: a directory with a layer that does not answer gives an error, and what
// stands below a damaged list of names comes with one of kind binread.ErrChecksum, since that list may hide it.
package overlay

import (
	"fmt"
	"slices"
	"sync"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxLayers = 128
	maxNodes  = 1 << 21

	rootNode = 1
)

// Layer is one of the file systems.
type Layer struct {
	Name string // of its volume
	FS   filesys.FS
	Root filesys.Node // the directory that is laid over; 0 is the root of FS
}

// FS is an overlay. It implements filesys.FS.
type FS struct {
	layers   []Layer
	problems []filesys.Problem
	dirs     filesys.Listings

	mu      sync.Mutex
	objects []object // by node, less one
	files   map[spot]filesys.Node
	names   map[name]filesys.Node // of directories
}

// spot is an object of a layer.
type spot struct {
	layer int
	node  filesys.Node
}

// name is one name in a directory.
type name struct {
	dir  filesys.Node
	name string
}

// object is what a node stands for.
type object struct {
	name
	top    spot
	damage error // of kind binread.ErrChecksum: it may be hidden
	dir    bool
	stack  *stack // of a directory, once it was asked for
}

var _ filesys.FS = (*FS)(nil)

// New puts layers over each other, the upper first. Problems are added to those of the layers.
func New(layers []Layer, problems ...filesys.Problem) (*FS, error) {
	if len(layers) == 0 || len(layers) > maxLayers {
		return nil, binread.Limit("overlay: %d layers, want 1 to %d", len(layers), maxLayers)
	}
	f := &FS{layers: slices.Clone(layers), problems: problems, files: map[spot]filesys.Node{}, names: map[name]filesys.Node{}}
	root := &stack{}
	for i := range f.layers {
		l := &f.layers[i]
		if l.Root == 0 {
			l.Root = l.FS.Root()
		}
		if err := isDir(l); err != nil {
			return nil, fmt.Errorf("overlay: %s: %w", l.Name, err)
		}
		root.dirs = append(root.dirs, spot{i, l.Root})
		for _, p := range l.FS.Description().Problems {
			f.problems = append(f.problems, filesys.Problem{Message: l.Name + ": " + p.Message, Taints: p.Taints})
		}
	}
	f.objects = []object{{top: root.dirs[0], dir: true, stack: root}}
	return f, nil
}

// isDir wants the root of a layer to be a directory.
func isDir(l *Layer) error {
	st, err := l.FS.Stat(l.Root)
	switch {
	case err != nil && !damaged(err):
		return err
	case !st.IsDir():
		return binread.Corrupt("the root of the layer is a %s, want a directory", filesys.TypeName(st.Mode))
	}
	return nil
}

// Description says what the layers are together. There is neither a label nor a UUID.
func (f *FS) Description() filesys.Description {
	d := filesys.Description{Type: "overlay", Free: -1, Problems: slices.Clone(f.problems)}
	for _, l := range f.layers {
		of := l.FS.Description()
		d.Size += of.Size - max(0, of.Free)
		d.BlockSize = max(d.BlockSize, of.BlockSize)
	}
	return d
}

// Root is the node of the root directory.
func (f *FS) Root() filesys.Node { return rootNode }

// object returns what a node stands for.
func (f *FS) object(n filesys.Node) (object, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n == 0 || uint64(n) > uint64(len(f.objects)) {
		return object{}, binread.Corrupt("no such node")
	}
	return f.objects[n-1], nil
}

// number gives a node to an object. Damage of one of its names is damage of all of them.
func (f *FS) number(o object) (filesys.Node, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.files[o.top]
	if o.dir {
		n = f.names[o.name]
	}
	switch {
	case n != 0:
		if f.objects[n-1].damage == nil {
			f.objects[n-1].damage = o.damage
		}
		return n, nil
	case len(f.objects) == maxNodes:
		return 0, binread.Limit("more than %d nodes", maxNodes)
	}
	f.objects = append(f.objects, o)
	n = filesys.Node(len(f.objects))
	if o.dir {
		f.names[o.name] = n
	} else {
		f.files[o.top] = n
	}
	return n, nil
}
