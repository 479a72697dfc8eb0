package engine_test

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/guestctl/guestctl/engine"
)

// arrayMembers writes the members of an array of engine/volume/md into files.
func arrayMembers(t *testing.T, name string) (files []string) {
	t.Helper()
	f, err := os.Open("volume/md/testdata/arrays.tar.zst")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	dir := t.TempDir()
	for r := tar.NewReader(z); ; {
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
