package intact_test

import (
	"context"
	"errors"
	"testing"

	"github.com/guestctl/guestctl/backup/intact"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/memfs"
)

// checked is a file system whose check tells what a test wants.
type checked struct {
	*memfs.FS
	damage []filesys.Damage
	result filesys.Checked
	err    error
}

func (c checked) Check(_ context.Context, report func(filesys.Damage)) (filesys.Checked, error) {
	for _, d := range c.damage {
		report(d)
	}
	return c.result, c.err
}

// blank is a disk of which nothing is read.
type blank struct{ image.Image }

func (blank) Description() image.Description { return image.Description{Format: "blank"} }

func TestWhatAFileSystemSaysOfItself(t *testing.T) {
	fs := memfs.New(map[string]memfs.File{"/etc/hosts": {Data: "x"}})
	etc, err := fs.Lookup(fs.Root(), "etc")
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := fs.Lookup(etc, "hosts")
	if err != nil {
		t.Fatal(err)
	}
	damage := func(harm filesys.Harm, node filesys.Node) []filesys.Damage {
		return []filesys.Damage{{Message: "it is wrong", Block: 3, Node: node, Harm: harm}}
	}
	tainted := memfs.New(nil)
	tainted.Desc.Problems = []filesys.Problem{{Message: "the superblock is wrong", Taints: true}}
	for _, c := range []struct {
		name     string
		fs       filesys.FS
		status   finding.Status
		severity finding.Severity
		where    string
	}{
		{"nothing", checked{FS: fs}, finding.Pass, "", ""},
		{"no check", fs, finding.Unknown, "", ""},
		{"a check that did not end", checked{FS: fs, err: errors.New("it broke off")}, finding.Unknown, "", ""},
		{"something unchecked", checked{FS: fs, result: filesys.Checked{Unchecked: []string{"the journal"}}}, finding.Unknown, "", ""},
		{"damage of a file", checked{FS: fs, damage: damage(filesys.HarmLoss, hosts)}, finding.Fail, finding.High, "p1:/etc/hosts: p1 block 3 (at 0x3000) inode 3"},
		{"damage of the root", checked{FS: fs, damage: damage(filesys.HarmFatal, fs.Root())}, finding.Fail, finding.Critical, "p1:/: p1 block 3 (at 0x3000) inode 1"},
		{"damage of no file", checked{FS: fs, damage: damage(filesys.HarmRisk, 0)}, finding.Fail, finding.Medium, "p1 block 3 (at 0x3000)"},
		{"harmless damage", checked{FS: fs, damage: damage(filesys.HarmNone, 99)}, finding.Fail, finding.Low, "p1 block 3 (at 0x3000) inode 99"},
		{"damage that is only counted", checked{FS: fs, result: filesys.Checked{Damage: 5}}, finding.Fail, finding.High, ""},
		{"damage and something unchecked", checked{FS: fs, damage: damage(filesys.HarmLoss, 0), err: errors.New("it broke off")}, finding.Fail, finding.High, "p1 block 3 (at 0x3000)"},
		{"a superblock that taints", checked{FS: tainted}, finding.Fail, finding.Critical, "p1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			disk := &volume.Volume{Name: "disk", Size: 2 << 20}
			m := &engine.Machine{Disks: []engine.Disk{{Image: blank{}}}, Volumes: []engine.Volume{
				{Volume: disk, Content: "gpt", Table: &volume.Table{}},
				{Volume: &volume.Volume{Name: "p1", Size: 1 << 20, Offset: 1 << 20, Parent: disk}, Content: "memfs", FS: c.fs},
			}}
			r, err := intact.Verify(t.Context(), m, intact.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range r.Findings() {
				if f.ID != intact.FileSystemLayer+"/p1" {
					continue
				}
				where := ""
				if len(f.Where) > 0 {
					where = f.Where[0].Path
				}
				if f.Status != c.status || c.severity != "" && f.Severity != c.severity || where != c.where {
					t.Errorf("%s, %s at %q, want %s, %s at %q", f.Status, f.Severity, where, c.status, c.severity, c.where)
				}
				return
			}
			t.Error("no finding on p1")
		})
	}
}

func TestWhatDiscoveryLeftOutIsUnknown(t *testing.T) {
	r, err := intact.Verify(t.Context(), &engine.Machine{Problems: []string{"more than 1024 volumes"}}, intact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings() {
		if f.ID == intact.TableLayer && f.Status != finding.Unknown {
			t.Errorf("%s is %s: %s", f.ID, f.Status, f.Message)
		}
	}
}
