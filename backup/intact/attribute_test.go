package intact_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/backup/intact"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/memfs"
)

// TestDamageNamesTheFilesInIt damages the cluster at 0x3c8000. debugfs says (icheck and ncheck of blocks 1824 to 1839 of p2) that it has
// the files below, and beside them /etc/ssh/sshd_config, /home/ana and its .bashrc, whose names are lost with the directories /etc/ssh and
// /home.
func TestDamageNamesTheFilesInIt(t *testing.T) {
	b, err := os.ReadFile(small)
	if err != nil {
		t.Fatal(err)
	}
	const cluster = 0x3c8000 >> 14
	l2 := binary.BigEndian.Uint64(b[binary.BigEndian.Uint64(b[40:]):]) & 0x00fffffffffffe00
	e := binary.BigEndian.Uint64(b[l2+8*cluster:])
	if e&(1<<62) == 0 {
		t.Fatal("the cluster is not compressed")
	}
	clear(b[e&(1<<56-1):][:512])
	r, _ := verify(t, write(t, b), intact.Options{})
	var got []string
	for _, d := range r.Damage {
		if d.Layer == intact.ContainerLayer {
			for _, f := range d.Files {
				got = append(got, f.Path)
			}
			if len(d.Extents) != 1 || d.Extents[0] != (intact.Extent{Offset: 0x3c8000, Length: 16384}) {
				t.Errorf("at %v", d.Extents)
			}
			if want := "data is lost in /etc/default/grub, /etc/default/locale, /etc/fstab and 10 more files"; d.Meaning != want {
				t.Errorf("means %q, want %q", d.Meaning, want)
			}
		}
	}
	want := []string{
		"/etc/default/grub", "/etc/default/locale", "/etc/fstab", "/etc/group", "/etc/hostname", "/etc/hosts", "/etc/machine-id", "/etc/passwd",
		"/etc/shadow", "/etc/ssh", "/etc/timezone", "/home", "/mnt",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// run runs a tool, or skips the test where there is none.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(err)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "E2FSPROGS_FAKE_TIME=1700000000", "DEBUGFS_PAGER=__none__")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return string(out)
}

// TestALostTableNamesTheFilesThatLostContent overwrites an L2 table with zeros. Which files lay there is asked of debugfs before.
func TestALostTableNamesTheFilesThatLostContent(t *testing.T) {
	dir := t.TempDir()
	tree, raw, disk := filepath.Join(dir, "tree"), filepath.Join(dir, "raw"), filepath.Join(dir, "disk.qcow2")
	if err := os.Mkdir(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		if err := os.WriteFile(filepath.Join(tree, fmt.Sprintf("file%02d", i)), []byte(strings.Repeat(fmt.Sprintf("content %d ", i), 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-d", tree, raw, "4M")
	run(t, "qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-o", "cluster_size=512", raw, disk)
	const covers = 64 * 512 / 1024 // blocks of a table
	first, _ := strconv.Atoi(strings.Fields(run(t, "debugfs", "-R", "blocks /file20", raw))[0])
	table := first / covers
	var blocks []string
	for b := table * covers; b < (table+1)*covers; b++ {
		blocks = append(blocks, strconv.Itoa(b))
	}
	var inodes, want []string
	for _, m := range regexp.MustCompile(`(?m)^\d+\t(\d+)$`).FindAllStringSubmatch(run(t, "debugfs", "-R", "icheck "+strings.Join(blocks, " "), raw), -1) {
		inodes = append(inodes, m[1])
	}
	for _, m := range regexp.MustCompile(`(?m)^\d+\t/?(/file\d+)$`).FindAllStringSubmatch(run(t, "debugfs", "-R", "ncheck "+strings.Join(slices.Compact(inodes), " "), raw), -1) {
		want = append(want, "disk:"+m[1])
	}
	slices.Sort(want)
	if len(want) < 3 {
		t.Fatalf("debugfs says that %v lie there", want)
	}
	b, err := os.ReadFile(disk)
	if err != nil {
		t.Fatal(err)
	}
	l2 := binary.BigEndian.Uint64(b[binary.BigEndian.Uint64(b[40:])+8*uint64(table):]) & 0x00fffffffffffe00
	clear(b[l2 : l2+512])
	r, layers := verify(t, write(t, b), intact.Options{})
	var got []string
	for _, d := range r.Damage {
		for _, f := range d.Files {
			got = append(got, f.Path)
		}
		if len(d.Files) > 0 && d.Layer == intact.ContainerLayer && !strings.HasPrefix(d.Meaning, "data may be lost in disk:/file") {
			t.Errorf("%s means %q", d.Problem, d.Meaning)
		}
	}
	slices.Sort(got)
	if d := cmp.Diff(want, slices.Compact(got)); d != "" || layers[intact.ContainerLayer].Status != finding.Fail {
		t.Errorf("%s (-want +got)\n%s", layers[intact.ContainerLayer].Status, d)
	}
}

// told is a disk whose container tells of one damage.
type told struct {
	image.Image
	damage image.Damage
}

func (told) Description() image.Description { return image.Description{Format: "told"} }

func (d told) Check(_ context.Context, opts image.CheckOptions) (image.Checked, error) {
	opts.Report(d.damage)
	return image.Checked{}, nil
}

// used is a file system that knows what its blocks are used for.
type used struct {
	checked
	owners map[uint64]filesys.Owner
}

func (u used) Owners(_ context.Context, _ []uint64) (map[uint64]filesys.Owner, error) {
	return u.owners, nil
}

func TestDamageMeansWhatLiesThere(t *testing.T) {
	for _, c := range []struct {
		name     string
		harm     image.Harm
		use      filesys.Use
		broken   bool // the file system is damaged, too
		pending  bool // its journal has entries
		meaning  string
		severity finding.Severity
		belongs  string
	}{
		{"directory, lost", image.Damaged, filesys.UseDirectory, false, false, "data is lost in p1:/etc", finding.High, "p1:/etc"},
		{"directory, in doubt", image.Doubtful, filesys.UseDirectory, false, false, "data may be lost in p1:/etc", finding.Medium, "p1:/etc"},
		{"space only", image.Wasted, filesys.UseDirectory, false, false, "space is lost, and no data", finding.Low, "p1:/etc"},
		{"inode table", image.Damaged, filesys.UseInodeTable, false, false, "data is lost, or will be when it is written to", finding.High, "p1: inode table"},
		{"free space, lost", image.Damaged, filesys.UseFree, false, false, "no data is lost: free space", finding.Medium, "p1: free space"},
		{"free space, in doubt", image.Doubtful, filesys.UseFree, false, false, "no data is lost: free space", finding.Low, "p1: free space"},
		{"free space, says a damaged file system", image.Doubtful, filesys.UseFree, true, false, "data may be lost", finding.Medium, "p1: free space"},
		{"journal without entries", image.Doubtful, filesys.UseJournal, false, false, "no data is lost: journal", finding.Low, "p1: journal"},
		{"journal with entries", image.Doubtful, filesys.UseJournal, false, true, "data may be lost", finding.Medium, "p1: journal"},
		{"nobody knows", image.Damaged, filesys.UseUnknown, false, false, "data is lost, or will be when it is written to", finding.High, "p1: metadata or free space"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := memfs.New(map[string]memfs.File{"/etc/hosts": {Data: "x"}})
			etc, err := fs.Lookup(fs.Root(), "etc")
			if err != nil {
				t.Fatal(err)
			}
			u := used{checked{FS: fs}, map[uint64]filesys.Owner{3: {Use: c.use}}}
			if c.use == filesys.UseDirectory {
				u.owners[3] = filesys.Owner{Use: c.use, Node: etc}
			}
			if c.broken {
				u.damage = []filesys.Damage{{Message: "it is wrong", Block: -1, Harm: filesys.HarmRisk}}
			}
			if c.pending {
				fs.Desc.Features = []string{"needs_recovery"}
			}
			disk := &volume.Volume{Name: "disk", Size: 2 << 20}
			m := &engine.Machine{
				Disks: []engine.Disk{{Image: told{damage: image.Damage{Harm: c.harm, Problem: "it is wrong", Host: 0, Guest: 1<<20 + 3*4096 + 512, Len: 512, Units: 1}}}},
				Volumes: []engine.Volume{
					{Volume: disk, Content: "gpt", Table: &volume.Table{}},
					{Volume: &volume.Volume{Name: "p1", Size: 1 << 20, Offset: 1 << 20, Parent: disk}, Content: "memfs", FS: u},
				},
			}
			r, err := intact.Verify(t.Context(), m, intact.Options{})
			if err != nil {
				t.Fatal(err)
			}
			d := r.Damage[0]
			if d.Meaning != c.meaning || d.Severity != c.severity || d.Belongs != c.belongs {
				t.Errorf("%s, %q, in %q, want %s, %q, in %q", d.Severity, d.Meaning, d.Belongs, c.severity, c.meaning, c.belongs)
			}
		})
	}
}

// TestWhatABootNeedsIsCritical says of the files of a guest whose they are.
func TestWhatABootNeedsIsCritical(t *testing.T) {
	b, err := os.ReadFile(small)
	if err != nil {
		t.Fatal(err)
	}
	l2 := binary.BigEndian.Uint64(b[binary.BigEndian.Uint64(b[40:]):]) & 0x00fffffffffffe00
	clear(b[binary.BigEndian.Uint64(b[l2+8*(0x3c8000>>14):])&(1<<56-1):][:512])
	m := open(t, write(t, b))
	whole, err := intact.Verify(t.Context(), m, intact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	of := func(g *guest.Guest, names map[string]string) *intact.Damage {
		r := whole.Clone()
		r.Attribute(g, intact.Owners{
			Package: func(path string) string { return map[string]string{"/etc/fstab": "util-linux"}[path] },
			Boot:    func(path string) string { return names[path] },
		})
		return &r.Damage[0]
	}
	for _, c := range []struct {
		name     string
		parts    map[string]string
		meaning  string
		severity finding.Severity
	}{
		{"none", nil, "data is lost in /etc/default/grub, /etc/default/locale, /etc/fstab (of package util-linux) and 10 more files", finding.High},
		{"a file", map[string]string{"/etc/fstab": "mounts"}, "the machine would not boot: /etc/fstab (mounts, of package util-linux)", finding.Critical},
		{"a directory", map[string]string{"/home": "directory"}, "the machine may not boot: /home (directory)", finding.High},
	} {
		if d := of(m.Guests[0], c.parts); d.Meaning != c.meaning || d.Severity != c.severity {
			t.Errorf("%s: %s, %q, want %s, %q", c.name, d.Severity, d.Meaning, c.severity, c.meaning)
		}
	}
	if whole.Damage[0].Files[2].Package != "" {
		t.Error("what one guest says of the damage is said of all")
	}
}
