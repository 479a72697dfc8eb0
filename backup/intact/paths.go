package intact

import (
	"context"
	"io/fs"

	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxNames      = 1 << 24 // of one file system that are looked at for those of damaged inodes
	maxPathLength = 4096    // bytes; what is deeper is told by its inode
)

// pathsOf returns a path of each of the wanted nodes, from the root of their file system. One that no directory has is left out, as is
// one behind what cannot be read.
func pathsOf(ctx context.Context, fsys filesys.FS, wanted map[filesys.Node]bool) map[filesys.Node]string {
	paths := map[filesys.Node]string{}
	if wanted[fsys.Root()] {
		paths[fsys.Root()] = "/"
	}
	type dir struct {
		node filesys.Node
		path string
	}
	seen := map[filesys.Node]bool{fsys.Root(): true}
	names := 0
	for todo := []dir{{fsys.Root(), ""}}; len(todo) > 0 && len(paths) < len(wanted) && ctx.Err() == nil; {
		d := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		entries, _ := fsys.ReadDir(d.node) // what can be read comes with the error, which the check tells of
		for _, e := range entries {
			if names++; names > maxNames {
				return paths
			}
			path := d.path + "/" + e.Name
			if _, named := paths[e.Node]; wanted[e.Node] && !named {
				paths[e.Node] = path
			}
			if e.Type&fs.ModeDir != 0 && !seen[e.Node] && len(path) < maxPathLength {
				seen[e.Node] = true
				todo = append(todo, dir{e.Node, path})
			}
		}
	}
	return paths
}
