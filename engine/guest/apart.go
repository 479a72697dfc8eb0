package guest

import (
	"path"
	"regexp"
	"strings"

	"github.com/guestctl/guestctl/engine/filesys"
)

// The reasons for which a walk does not enter a directory.
const (
	ApartSnapshot   = "snapshots"
	ApartDeployment = "deployments"
	ApartMounted    = "mounted elsewhere"
)

// inode is an object of a file system, wherever that is mounted.
type inode struct {
	device string // of the volume
	node   filesys.Node
}

// apart tells a walk which directories are roots of trees.
type apart struct {
	subvolumes map[inode]bool
	left       map[inode]string // those that a walk of the whole guest leaves out, with why
	coming     map[inode]string // those that are mounted below where the walk began, and where first
}

// apartBelow prepares a walk from a path. A walk of the whole guest leaves out what is another state of it; one from deeper is asked for
// just that.
func (g *Guest) apartBelow(root string) *apart {
	a := &apart{subvolumes: map[inode]bool{}, left: map[inode]string{}, coming: map[inode]string{}}
	seen := map[string]bool{}
	for i, m := range g.mounts {
		if m.fs == nil {
			continue
		}
		if _, ok := m.fs.(filesys.Rooted); ok {
			if !seen[m.device] {
				seen[m.device] = true
				a.addRoots(m, root == "/")
			}
			a.addMount(g, i, root)
		}
	}
	if root == "/" && g.Tree.physical != nil {
		a.addDeployments(g)
	}
	return a
}

func (a *apart) addRoots(m *mounted, whole bool) {
	roots, _ := rootsOf(m.fs) // one that is missing is walked like any directory
	for _, r := range roots {
		at := inode{m.device, r.Node}
		a.subvolumes[at] = true
		if whole && isKept(r) {
			a.left[at] = ApartSnapshot
		}
	}
}

// kept are the places where snapper and timeshift keep states of the past, and openSUSE the system itself. A snapshot elsewhere, such as a
// layer of a container, is in use.
var kept = regexp.MustCompile(`(^|/)\.snapshots/\d+/snapshot$|^timeshift-btrfs/snapshots/[^/]+/[^/]+$`)

func isKept(r filesys.Root) bool { return kept.MatchString(r.Name) }

// addMount looks where a mount of the guest is reached.
func (a *apart) addMount(g *Guest, i int, root string) {
	m := g.mounts[i]
	p, t, err := g.resolve("walk", g.Mounts[i].Target, true)
	if err != nil && !damaged(err) || p != (place{m, m.root}) {
		return
	}
	at := inode{m.device, m.root}
	delete(a.left, at)
	if to := t.path(); strings.HasPrefix(to+"/", strings.TrimSuffix(root, "/")+"/") && a.subvolumes[at] && a.coming[at] == "" {
		a.coming[at] = to
	}
}

// addDeployments leaves out what is in the physical tree beside the guest: deployments, what they share, and the objects that their files
// are names of.
func (a *apart) addDeployments(g *Guest) {
	physical := newTree(g.Root, *g.Tree.physical)
	leave := func(dir string) {
		if o, err := physical.Lstat(dir); err == nil && o.IsDir() {
			a.left[inode{g.Root.Device, o.place.node}] = ApartDeployment
		}
	}
	leave("/ostree/repo/objects")
	leave(path.Join(g.Tree.stateroot, "var"))
	found, _ := deployments(g.Root, *g.Tree.physical) // one that cannot be listed cannot be walked either
	for _, t := range found {
		a.left[inode{g.Root.Device, t.node}] = ApartDeployment
	}
}
