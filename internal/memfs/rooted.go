package memfs

import "github.com/guestctl/guestctl/engine/filesys"

// Rooted is a file system in memory that holds several roots. It implements filesys.Rooted.
type Rooted struct {
	*FS
	List []filesys.Root
	Err  error // what Roots returns beside them
}

// NewRooted returns a file system with files by path from its top, and with roots, each a directory of that name. The default one is what
// Root returns; where there is none it is the top.
func NewRooted(files map[string]File, roots ...filesys.Root) *Rooted {
	f := &Rooted{FS: New(files), List: roots}
	for i := range roots {
		roots[i].Node = f.find(roots[i].Name)
	}
	return f
}

// Root is the directory of the default root.
func (f *Rooted) Root() filesys.Node {
	for _, r := range f.List {
		if r.Default {
			return r.Node
		}
	}
	return root
}

// Roots lists the roots.
func (f *Rooted) Roots() ([]filesys.Root, error) { return f.List, f.Err }
