package engine_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/internal/conformance"
)

// arrayMembers writes the members of an array of engine/volume/md into files.
func arrayMembers(t *testing.T, name string) (files []string) {
	t.Helper()
	packed, err := conformance.ReadFile("volume/md/testdata/arrays.tar.zst")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for r := tar.NewReader(bytes.NewReader(packed)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(h.Name, "./"+name+".") {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Join(dir, filepath.Base(h.Name)))
		if err := os.WriteFile(files[len(files)-1], b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// volumesOf says what was found on the disks.
func volumesOf(t *testing.T, disks []string) (all []string) {
	t.Helper()
	m, err := engine.Open(t.Context(), disks, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, v := range m.Volumes {
		line := strings.Join([]string{v.Name, v.Content, v.Set, v.Kind}, " | ")
		if v.Err != nil {
			line += " | " + v.Err.Error()
		}
		all = append(all, line)
	}
	return all
}

func TestMembersOfAnArrayAreFoundOnSeveralDisks(t *testing.T) {
	members := arrayMembers(t, "five-ls")
	want := []string{
		"disk1 | md RAID | md9 | ", "disk2 | md RAID | md9 | ", "disk3 | md RAID | md9 | ", "disk4 | md RAID | md9 | ", "md9 |  |  | RAID 5",
	}
	if d := cmp.Diff(want, volumesOf(t, members)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	want = []string{
		"disk1 | md RAID | md9 | ", "disk2 | md RAID | md9 | ", "md9 |  |  | RAID 5 | md: 2 of 4 members are missing",
	}
	if d := cmp.Diff(want, volumesOf(t, members[2:])); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// TestSetsOfOneName are told apart by where they are.
func TestSetsOfOneName(t *testing.T) {
	disks := append(arrayMembers(t, "stripe"), arrayMembers(t, "zones")...)
	want := []string{
		"disk1 | md RAID | md9 | ", "disk2 | md RAID | md9 | ", "disk3 | md RAID | md9 | ",
		"disk4 | md RAID | md9 | ", "disk5 | md RAID | md9 | ", "disk6 | md RAID | md9 | ",
		"md9 |  |  | RAID 0", "disk4.md9 |  |  | RAID 0",
	}
	if d := cmp.Diff(want, volumesOf(t, disks)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// groupDisks writes the disks of a set of engine/volume/lvm into files.
func groupDisks(t *testing.T, name string) (files []string) {
	t.Helper()
	packed, err := filepath.Glob("volume/lvm/testdata/" + name + "-?.img.zst")
	if err != nil || len(packed) == 0 {
		t.Fatalf("no disks of %s: %v", name, err)
	}
	dir := t.TempDir()
	for _, p := range packed {
		b, err := conformance.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, strings.TrimSuffix(filepath.Base(p), ".zst"))
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// TestASystemOnLogicalVolumes finds groups on a partition and a disk, in a logical volume, and a partition table in one.
func TestASystemOnLogicalVolumes(t *testing.T) {
	disks := groupDisks(t, "nested")
	want := []string{
		"disk1 | gpt |  | ",
		"disk2 | lvm | sys-vg | ",
		"disk1p1 | lvm | sys-vg | Linux LVM",
		"disk1p2 | lvm | inner-vg | Linux LVM",
		"sys-vg/root | ext4 |  | LVM linear",
		"sys-vg/var | ext4 |  | LVM linear",
		"sys-vg/home | ext4 |  | LVM linear",
		"sys-vg/my-srv | ext4 |  | LVM striped",
		"sys-vg/table | mbr |  | LVM linear",
		"sys-vg/tablep1 |  |  | Linux",
		"sys-vg/tablep2 |  |  | Linux",
		"inner-vg/whole | lvm | innermost | LVM linear",
		"innermost/deep |  |  | LVM linear",
	}
	if d := cmp.Diff(want, volumesOf(t, disks)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	m, err := engine.Open(t.Context(), disks, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if len(m.Guests) != 1 {
		t.Fatalf("%d systems, want 1", len(m.Guests))
	}
	g := m.Guests[0]
	var mounts []string
	for _, mt := range g.Mounts {
		mounts = append(mounts, mt.Target+" "+mt.Device+mt.Unread)
	}
	if d := cmp.Diff([]string{"/ sys-vg/root", "/var sys-vg/var", "/home sys-vg/home", "/srv sys-vg/my-srv"}, mounts); d != "" {
		t.Errorf("mounts (-want +got)\n%s", d)
	}
	for dir, text := range map[string]string{"/var": "of var\n", "/home": "of home\n", "/srv": "of srv\n"} {
		if b, err := g.ReadFile(dir+"/which", 100); err != nil || string(b) != text {
			t.Errorf("%s: %q, %v, want %q", dir, b, err, text)
		}
	}
	for _, v := range m.Volumes {
		if want, recorded := groupSums(t, "nested")[v.Name]; recorded {
			h := sha256.New()
			if _, err := io.Copy(h, io.NewSectionReader(v, 0, v.Size)); err != nil || hex.EncodeToString(h.Sum(nil)) != want {
				t.Errorf("%s: content differs: %v", v.Name, err)
			}
		}
	}
}

// groupSums is what the kernel read from the logical volumes of a set.
func groupSums(t *testing.T, name string) map[string]string {
	t.Helper()
	b, err := os.ReadFile("volume/lvm/testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var truth struct {
		SHA256 map[string]string `json:"sha256"`
	}
	if err := json.Unmarshal(b, &truth); err != nil {
		t.Fatal(err)
	}
	return truth.SHA256
}

// TestAVolumeWithoutMetadataIsClaimed finds a physical volume that does not say to which group it belongs, wherever it stands; and not
// where the group is not there.
func TestAVolumeWithoutMetadataIsClaimed(t *testing.T) {
	d := groupDisks(t, "wrapped") // the third has no metadata, that of the fourth is ignored
	for _, disks := range [][]string{{d[0], d[1], d[2], d[3]}, {d[2], d[3], d[0]}, {d[3], d[1], d[2]}} {
		got := volumesOf(t, disks)
		if last := got[len(got)-1]; last != "new/name12 |  |  | LVM linear" {
			t.Errorf("%q", got)
		}
	}
	got := volumesOf(t, d[2:])
	if !strings.Contains(got[0], "belongs to a group of which no other volume is here") || !strings.Contains(got[1], "belongs to a group of which") || len(got) != 2 {
		t.Errorf("%q", got)
	}
}

func TestClonesOfAVolumeAreRefused(t *testing.T) {
	d := groupDisks(t, "linear")
	got := volumesOf(t, []string{d[0], d[1], d[0]})
	if len(got) != 3 || !strings.Contains(got[0], "disk1 and disk3 are both physical volume") {
		t.Errorf("%q", got)
	}
}
