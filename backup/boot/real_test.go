package boot_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/backup/boot"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/finding"
)

const images = "../../build/images/"

// openReal opens an image of make images, or skips; GUESTCTL_IMAGES=required makes a missing one a failure.
func openReal(t testing.TB, name string) *engine.Machine {
	t.Helper()
	if _, err := os.Stat(images + name); err != nil {
		if os.Getenv("GUESTCTL_IMAGES") == "required" {
			t.Fatal(err)
		}
		t.Skipf("%v: build it with make images", err)
	}
	m, err := engine.Open(context.Background(), []string{images + name}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// prove collects the facts and judges the only guest.
func prove(t testing.TB, m *engine.Machine, g *guest.Guest, opts boot.Options) *boot.Proof {
	t.Helper()
	doc, err := facts.Collect(context.Background(), g, facts.Request{Domains: boot.Domains()}, engine.Collectors(), 20_000)
	if err != nil {
		t.Fatal(err)
	}
	p, err := boot.Prove(context.Background(), m, g, doc, opts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestTheRealDiskBoots agrees with a boot of debian12.raw in QEMU 7.2 (SeaBIOS, virtio, emulation), which came to a login.
func TestTheRealDiskBoots(t *testing.T) {
	for _, name := range []string{"debian12.raw", "debian12.qcow2", "debian12-compressed.qcow2"} {
		t.Run(name, func(t *testing.T) {
			m := openReal(t, name)
			p := prove(t, m, m.Guests[0], boot.Options{Target: "kvm"})
			if p.Status != finding.Pass || p.Firmware != "bios" || p.Release == "" || len(p.Drivers) == 0 {
				b, _ := json.MarshalIndent(p, "", "  ")
				t.Errorf("%s", b)
			}
		})
	}
}

// TestTheHardenedDiskAsksForAUser agrees with a boot in QEMU: GRUB stopped at "Enter username:".
func TestTheHardenedDiskAsksForAUser(t *testing.T) {
	m := openReal(t, "debian12-hardened.qcow2")
	p := prove(t, m, m.Guests[0], boot.Options{Target: "kvm"})
	for _, l := range p.Links {
		if want := map[bool]finding.Status{true: finding.Fail, false: finding.Pass}[l.ID == "backup.boot/config"]; l.Status != want {
			t.Errorf("%s is %s: %s", l.ID, l.Status, l.Actual)
		}
	}
}

func BenchmarkProve(b *testing.B) {
	m := openReal(b, "debian12.raw")
	for b.Loop() {
		prove(b, m, m.Guests[0], boot.Options{})
	}
}

// patch is a change of a disk's bytes.
type patch struct {
	at   int64
	data string
}

// disk is an image with changed bytes.
type disk struct {
	image.Image
	patches []patch
}

func (d disk) ReadAt(b []byte, off int64) (int, error) {
	n, err := d.Image.ReadAt(b, off)
	for _, p := range d.patches {
		for i := range p.data {
			if at := p.at + int64(i) - off; at >= 0 && at < int64(n) {
				b[at] = p.data[i]
			}
		}
	}
	return n, err
}

var _ io.ReaderAt = disk{}

// change is a file of the guest as it is afterwards; with gone it is not there.
type change struct {
	data string
	link string
	gone bool
	mode uint32
}

// changed is a file system with changes of its own, by directory and name.
type changed struct {
	filesys.FS
	desc  filesys.Description
	names map[filesys.Node]map[string]filesys.Node
	nodes map[filesys.Node]change
}

const firstChanged = filesys.Node(1) << 40

// withChanges makes a file system that differs in the files by path; parents must be there.
func withChanges(t *testing.T, f filesys.FS, files map[string]change) *changed {
	t.Helper()
	c := &changed{f, f.Description(), map[filesys.Node]map[string]filesys.Node{}, map[filesys.Node]change{}}
	paths := make([]string, 0, len(files))
	for path := range files {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for i, path := range paths {
		names := strings.Split(strings.Trim(path, "/"), "/")
		dir := f.Root()
		for _, name := range names[:len(names)-1] {
			next, err := f.Lookup(dir, name)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			dir = next
		}
		name, node := names[len(names)-1], firstChanged+filesys.Node(i)
		if c.names[dir] == nil {
			c.names[dir] = map[string]filesys.Node{}
		}
		c.names[dir][name] = node
		c.nodes[node] = files[path]
	}
	return c
}

func (c *changed) Description() filesys.Description { return c.desc }

func (c *changed) Lookup(dir filesys.Node, name string) (filesys.Node, error) {
	if n, ok := c.names[dir][name]; ok {
		if c.nodes[n].gone {
			return 0, os.ErrNotExist
		}
		return n, nil
	}
	return c.FS.Lookup(dir, name)
}

func (c *changed) ReadDir(dir filesys.Node) ([]filesys.DirEntry, error) {
	list, err := c.FS.ReadDir(dir)
	for name, n := range c.names[dir] {
		list = slices.DeleteFunc(list, func(e filesys.DirEntry) bool { return e.Name == name })
		if !c.nodes[n].gone {
			list = append(list, filesys.DirEntry{Name: name, Node: n, Type: filesys.TypeOf(c.modeOf(n))})
		}
	}
	slices.SortFunc(list, func(a, b filesys.DirEntry) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

func (c *changed) modeOf(n filesys.Node) uint32 {
	f := c.nodes[n]
	switch {
	case f.link != "":
		return filesys.ModeSymlink | 0o777
	case f.mode != 0:
		return filesys.ModeRegular | f.mode
	}
	return filesys.ModeRegular | 0o755
}

func (c *changed) Stat(n filesys.Node) (filesys.Stat, error) {
	if n < firstChanged {
		return c.FS.Stat(n)
	}
	return filesys.Stat{Node: n, Mode: c.modeOf(n), Links: 1, Size: int64(len(c.nodes[n].data) + len(c.nodes[n].link))}, nil
}

func (c *changed) ReadLink(n filesys.Node) (string, error) {
	if n < firstChanged {
		return c.FS.ReadLink(n)
	}
	return c.nodes[n].link, nil
}

func (c *changed) Open(n filesys.Node) (filesys.File, error) {
	if n < firstChanged {
		return c.FS.Open(n)
	}
	return strings.NewReader(c.nodes[n].data), nil
}

func (c *changed) Xattrs(n filesys.Node) (map[string][]byte, error) {
	if n < firstChanged {
		return c.FS.Xattrs(n)
	}
	return nil, nil
}
