package guest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	deployDir      = "/ostree/deploy"
	maxStateroots  = 64
	maxDeployments = 256  // of one system
	maxBootEntries = 1000 // files
	maxBootEntry   = 64 << 10
	maxOstreeText  = 64 << 10 // bytes of an .origin
	composefsImage = ".ostree.cfs"
	bootEntriesDir = "loader/entries"
)

// deploymentName is the name of the directory of a deployment (ostree-admin-deploy(1)): its commit, and which one of the same it is.
var deploymentName = regexp.MustCompile(`^[0-9a-f]{64}\.\d+$`)

// deployments lists those of ostree in a tree of a volume, by system and name.
func deployments(v Volume, physical Tree) ([]Tree, error) {
	g := newTree(v, physical)
	systems, err := g.ReadDir(deployDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	errs := []error{err}
	if len(systems) > maxStateroots {
		errs = append(errs, fmt.Errorf("%s: %d systems; of these %d were looked at", deployDir, len(systems), maxStateroots))
		systems = systems[:maxStateroots]
	}
	var found []Tree
	for _, s := range systems {
		dir := path.Join(deployDir, s.Name, "deploy")
		entries, err := g.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		entries = slices.DeleteFunc(entries, func(e Entry) bool { return !deploymentName.MatchString(e.Name) })
		if len(entries) > maxDeployments {
			errs = append(errs, fmt.Errorf("%s: %d deployments; of these %d were looked at", dir, len(entries), maxDeployments))
			entries = entries[:maxDeployments]
		}
		for _, e := range entries {
			t, err := g.deployment(path.Join(dir, e.Name), path.Join(deployDir, s.Name))
			errs = append(errs, err)
			if err == nil {
				found = append(found, t)
			}
		}
	}
	return found, errors.Join(errs...)
}

// deployment describes the one in a directory of the physical tree that g is.
func (g *Guest) deployment(dir, stateroot string) (Tree, error) {
	o, err := g.Lstat(dir)
	if err != nil || !o.IsDir() {
		return Tree{}, cmp.Or(err, fmt.Errorf("%s is a %s, want a directory", dir, filesys.TypeName(o.Mode)))
	}
	physical := g.Tree
	t := Tree{
		Name: path.Join(physical.Name, dir[1:]), Kind: Deployment, ReadOnly: physical.ReadOnly, node: o.place.node,
		physical: &physical, stateroot: stateroot, Made: Made{By: "ostree"},
	}
	origin, err := g.Lstat(dir + ".origin")
	if err != nil {
		return t, nil //nolint:nilerr // a deployment without one is one all the same
	}
	t.Created = origin.Modify
	text, err := g.ReadFile(dir+".origin", maxOstreeText)
	if err == nil {
		t.Made.Type = originOf(string(text))
	}
	return t, nil
}

// originOf returns what a deployment was made from: the branch, or the image of a container.
func originOf(text string) string {
	for line := range strings.SplitSeq(text, "\n") {
		key, value, ok := strings.Cut(line, "=")
		if key = strings.TrimSpace(key); ok && (key == "refspec" || key == "container-image-reference" || key == "baserefspec") {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// grounds are the trees of a volume in which there may be deployments and copies: the file system's own root, and what can be written to
// and is no snapshot.
func grounds(v Volume) []Tree {
	roots, _ := rootsOf(v.FS) // what is missing was told when the system was looked for
	if len(roots) == 0 {
		return []Tree{{}}
	}
	var trees []Tree
	for _, r := range roots {
		if !r.ReadOnly && r.Parent == "" && len(trees) < maxTried {
			trees = append(trees, treeOf(r))
		}
	}
	return trees
}

// deployedOn returns the deployment of a volume that boots: that of the first boot entry, else the newest.
func deployedOn(v Volume, volumes []Volume) (system, bool) {
	for _, ground := range grounds(v) {
		found, err := deployments(v, ground)
		if len(found) == 0 {
			continue
		}
		var s system
		if err != nil {
			s.problems = append(s.problems, Problem{deployDir, 0, err.Error()})
		}
		booted, why := bootedDeployment(v, ground, found, volumes)
		if why != "" {
			booted = slices.MaxFunc(found, func(a, b Tree) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Name, b.Name)) })
			s.problems = append(s.problems, Problem{deployDir, 0, why + ": took the newest of " + strconv.Itoa(len(found)) + " deployments"})
		}
		s.tree = booted
		return s, true
	}
	return system{}, false
}

// bootedDeployment follows the argument ostree= of the first boot entry. Where that leads to none it says why.
func bootedDeployment(v Volume, ground Tree, found []Tree, volumes []Volume) (Tree, string) {
	entries, where := ostreeEntries(v, ground, volumes)
	if len(entries) == 0 {
		return Tree{}, "no boot entry with the argument ostree= was found"
	}
	at, _, err := newTree(v, ground).resolve("ostree", entries[0].ostree, true)
	if err != nil && !damaged(err) {
		return Tree{}, fmt.Sprintf("%s: ostree=%s: %v", where, entries[0].ostree, err)
	}
	for _, t := range found {
		if t.node == at.node {
			return t, ""
		}
	}
	return Tree{}, fmt.Sprintf("%s: ostree=%s is no deployment", where, entries[0].ostree)
}

// bootEntry is what counts of a file of the Boot Loader Specification.
type bootEntry struct {
	version string
	ostree  string
}

// ostreeEntries returns the entries that boot a deployment, the first that is tried first, and where they are: in /boot of the physical
// tree, or on a volume of their own.
func ostreeEntries(v Volume, ground Tree, volumes []Volume) ([]bootEntry, string) {
	if found := entriesIn(newTree(v, ground), "/boot/"+bootEntriesDir); len(found) > 0 {
		return found, v.Device + ":/boot/" + bootEntriesDir
	}
	for _, other := range volumes {
		if found := entriesIn(newTree(other, Tree{}), "/"+bootEntriesDir); len(found) > 0 {
			return found, other.Device + ":/" + bootEntriesDir
		}
	}
	return nil, ""
}

// entriesIn reads entries, and orders them as ostree and its loaders do: by version, the highest first.
func entriesIn(g *Guest, dir string) []bootEntry {
	files, err := g.ReadDir(dir)
	if err != nil && !damaged(err) {
		return nil // the search goes on elsewhere, and says when it ends with nothing
	}
	var entries []bootEntry
	for _, f := range files[:min(len(files), maxBootEntries)] {
		if !strings.HasSuffix(f.Name, ".conf") {
			continue
		}
		text, err := g.ReadFile(path.Join(dir, f.Name), maxBootEntry)
		if err != nil && !damaged(err) {
			continue
		}
		if e := parseBootEntry(string(text)); e.ostree != "" {
			entries = append(entries, e)
		}
	}
	slices.SortStableFunc(entries, func(a, b bootEntry) int { return -compareVersions(a.version, b.version) })
	return entries
}

func parseBootEntry(text string) (e bootEntry) {
	for line := range strings.SplitSeq(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "version":
			e.version = fields[1]
		case "options":
			for _, arg := range fields[1:] {
				if value, ok := strings.CutPrefix(arg, "ostree="); ok {
					e.ostree = value
				}
			}
		}
	}
	return e
}

// compareVersions compares the numbers that ostree gives its entries, and other versions by their bytes.
func compareVersions(a, b string) int {
	m, errA := strconv.ParseUint(a, 10, 64)
	n, errB := strconv.ParseUint(b, 10, 64)
	if errA != nil || errB != nil {
		return strings.Compare(a, b)
	}
	return cmp.Compare(m, n)
}

// deploy mounts what ostree mounts into a deployment before its fstab is read (ostree-prepare-root(1)): the physical tree at /sysroot,
// what deployments share at /var, and /boot.
func (g *Guest) deploy(volumes []Volume) {
	t := g.Tree
	if t.physical == nil {
		return
	}
	if o, err := g.Lstat("/" + composefsImage); err == nil && o.IsRegular() {
		g.Problems = append(g.Problems, Problem{"/" + composefsImage, 0, "the guest runs from this image of its deployment: read was the checkout beside it"})
	}
	g.mountDeployed("/sysroot", g.Root, *t.physical)
	g.bindDeployed("/var", "/sysroot"+path.Join(t.stateroot, "var"))
	if _, err := g.Stat("/sysroot/boot/loader"); err == nil {
		g.bindDeployed("/boot", "/sysroot/boot")
		return
	}
	for _, v := range volumes {
		if v.Device != g.Root.Device && len(entriesIn(newTree(v, Tree{}), "/"+bootEntriesDir)) > 0 {
			g.mountDeployed("/boot", v, Tree{})
			return
		}
	}
}

func (g *Guest) mountDeployed(target string, v Volume, t Tree) {
	m := Mount{Target: target, Source: "ostree", FSType: v.FS.Description().Type, Device: v.Device, Subvolume: t.Name}
	over, trail, err := g.resolve("mount", target, true)
	if err != nil && !damaged(err) {
		g.mountNowhere(m, trail, err)
		return
	}
	g.mount(m, newMounted(v, t.node), over)
}

func (g *Guest) bindDeployed(target, source string) {
	m := Mount{Target: target, Source: "ostree", FSType: "none"}
	over, trail, err := g.resolve("mount", target, true)
	if err != nil && !damaged(err) {
		g.mountNowhere(m, trail, err)
		return
	}
	g.mountBind(m, fstabEntry{source: source}, over)
}
