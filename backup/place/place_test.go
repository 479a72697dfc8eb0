package place_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/internal/memfs"
)

const images = "../../testdata/images/"

func mapOf(t *testing.T, m *engine.Machine) *place.Map {
	t.Helper()
	all, err := place.Of(t.Context(), m, 0)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func openMachine(t *testing.T, name string) *engine.Machine {
	t.Helper()
	m, err := engine.Open(t.Context(), []string{images + name}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// placesOf are all places of a stretch, which have to lie one after the other.
func placesOf(t *testing.T, m *place.Map, off, n int64) []place.Place {
	t.Helper()
	var all []place.Place
	at := off
	m.Each(off, n, func(p place.Place) bool {
		if p.Offset != at || p.Length <= 0 {
			t.Fatalf("%+v, want it to begin at %d", p, at)
		}
		at += p.Length
		all = append(all, p)
		return true
	})
	if at != off+n {
		t.Fatalf("the places end at %d, want %d", at, off+n)
	}
	return all
}

// TestEveryByteOfADiskHasOnePlace goes over whole disks, and over parts of them.
func TestEveryByteOfADiskHasOnePlace(t *testing.T) {
	for _, name := range []string{"debian12-small.qcow2", "mbr-logical.qcow2", "gpt-damaged-primary.qcow2", "rocky9-small.qcow2", "two-os.qcow2"} {
		m := openMachine(t, name)
		all := mapOf(t, m)
		size := m.Disks[0].Size()
		whole := placesOf(t, all, 0, size)
		if len(whole) < 30 || whole[0].Region != place.Table {
			t.Errorf("%s: %d places, the first is %+v", name, len(whole), whole[0])
		}
		for off := int64(0); off < size; off += size / 97 {
			for _, p := range placesOf(t, all, off, min(4099, size-off)) {
				i := slices.IndexFunc(whole, func(w place.Place) bool { return w.Offset+w.Length > p.Offset })
				if w := whole[i]; w.Region != p.Region || w.Path != p.Path || w.Volume != p.Volume || p.Offset+p.Length > w.Offset+w.Length {
					t.Errorf("%s: %+v is not in %+v", name, p, w)
				}
			}
		}
	}
}

// TestFilesAreWhereTheirBytesAre reads every file of a disk from the disk, by its places.
func TestFilesAreWhereTheirBytesAre(t *testing.T) {
	m := openMachine(t, "debian12-small.qcow2")
	all := mapOf(t, m)
	content := map[string][]byte{}
	for _, p := range placesOf(t, all, 0, m.Disks[0].Size()) {
		if p.Region == place.Content {
			b := make([]byte, p.Length)
			if _, err := m.Disks[0].ReadAt(b, p.Offset); err != nil {
				t.Fatal(err)
			}
			content[p.Path] = append(content[p.Path], b...)
		}
	}
	seen := 0
	for i := range all.Files {
		f := &all.Files[i]
		if !f.IsRegular() || f.Layout == [16]byte{} || f.Size == 0 || f.Size > 1<<20 || f.Links > 1 {
			continue
		}
		file, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		want, err := io.ReadAll(io.NewSectionReader(file, 0, f.Size))
		if err != nil {
			t.Fatal(err)
		}
		if got := content[f.Path]; len(got) < len(want) || string(got[:len(want)]) != string(want) {
			t.Errorf("%s: %d bytes on the disk are not the content of %d", f.Path, len(got), len(want))
		}
		seen++
	}
	for _, path := range []string{"/etc/passwd", "/var/lib/dpkg/status"} { // of p2 and of p3, which is mounted at /var
		if content[path] == nil {
			t.Errorf("%s is nowhere", path)
		}
	}
	if seen < 30 {
		t.Errorf("%d files were looked at", seen)
	}
}

// disk is a machine with one file system on one disk of 1 MiB, in blocks of 4 KiB.
func disk(fs filesys.FS) *engine.Machine {
	v := &volume.Volume{ReaderAt: strings.NewReader(""), Name: "disk", Size: 1 << 20}
	return &engine.Machine{Disks: []engine.Disk{{}}, Volumes: []engine.Volume{{Volume: v, Content: "memfs", FS: fs}}}
}

// mapped is a file system whose files say where they lie, which may be anywhere.
type mapped struct {
	*memfs.FS
	runs   []filesys.Run // of every file
	owners map[uint64]filesys.Owner
	err    error
}

type mappedFile struct {
	filesys.File
	runs []filesys.Run
}

func (f mappedFile) Runs(each func(filesys.Run)) bool {
	for _, r := range f.runs {
		each(r)
	}
	return true
}

func (m *mapped) Open(n filesys.Node) (filesys.File, error) {
	f, err := m.FS.Open(n)
	return mappedFile{f, m.runs}, err
}

func (m *mapped) Owners(_ context.Context, blocks []uint64) (map[uint64]filesys.Owner, error) {
	all := map[uint64]filesys.Owner{}
	for _, b := range blocks {
		if o, ok := m.owners[b]; ok {
			all[b] = o
		}
	}
	return all, m.err
}

// TestHostileRuns has files lie where nothing is, over each other, and in too large places.
func TestHostileRuns(t *testing.T) {
	for name, runs := range map[string][]filesys.Run{
		"before the volume":    {{Off: -8192, Len: 4096}},
		"behind the volume":    {{Off: 1 << 20, Len: 4096}},
		"over the end":         {{Off: 1<<20 - 4096, Len: 1 << 40}},
		"as long as there are": {{Off: 4096, Len: 1<<63 - 1}},
		"of no length":         {{Off: 4096, Len: 0}},
		"of negative length":   {{Off: 4096, Len: -4096}},
		"twice the same":       {{Off: 4096, Len: 8192}, {Off: 4096, Len: 8192}},
		"one in another":       {{Off: 4096, Len: 16384}, {Off: 8192, Len: 4096}},
		"backwards":            {{Off: 65536, Len: 4096}, {Off: 4096, Len: 4096}},
		"holes":                {{Off: 4096, Len: 1 << 40, Zero: true}},
	} {
		t.Run(name, func(t *testing.T) {
			fs := &mapped{FS: memfs.New(map[string]memfs.File{"/a": {Data: "a"}, "/b": {Data: "b"}}), runs: runs}
			placesOf(t, mapOf(t, disk(fs)), 0, 1<<20)
		})
	}
}

// TestBlocksOfNoFileAreWhatTheFileSystemSays asks a file system that knows.
func TestBlocksOfNoFileAreWhatTheFileSystemSays(t *testing.T) {
	fs := &mapped{
		FS: memfs.New(map[string]memfs.File{"/a/b": {Data: "b"}}), runs: []filesys.Run{{Off: 8192, Len: 100}},
		owners: map[uint64]filesys.Owner{
			0: {Use: filesys.UseBoot}, 1: {Use: filesys.UseSuperblock}, 3: {Use: filesys.UseFree}, 4: {Use: filesys.UseFree},
			5: {Use: filesys.UseDirectory, Node: 2}, 6: {Use: filesys.UseUnknown}, 7: {Use: filesys.UseMap, Node: 999},
		},
	}
	all := mapOf(t, disk(fs))
	if err := all.Learn(t.Context(), []place.Stretch{{Off: 100, Len: 3000}, {Off: 3500, Len: 30000}}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range placesOf(t, all, 0, 9*4096) {
		got = append(got, strings.TrimSpace(string(p.Region)+" "+p.Path))
	}
	want := []string{"boot block", "superblock", "file disk:/a/b", "free space", "directory disk:/a", "metadata or free space", "block map", "metadata or free space"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	fs.err = errors.New("group 3: descriptor damaged")
	again := mapOf(t, disk(fs))
	if err := again.Learn(t.Context(), []place.Stretch{{Off: 0, Len: 1 << 20}}); err != nil || len(again.Problems) != 1 {
		t.Errorf("%v, problems %v, want one", err, again.Problems)
	}
}

// TestWhatCannotBeReadIsAProblem damages a directory and a file.
func TestWhatCannotBeReadIsAProblem(t *testing.T) {
	fs := memfs.New(map[string]memfs.File{
		"/dir": {Mode: filesys.ModeDir | 0o755, Err: errors.New("block 7: bad")}, "/dir/in": {}, "/file": {StatErr: errors.New("inode 9: bad")},
	})
	all := mapOf(t, disk(fs))
	errs := map[string]bool{}
	for _, f := range all.Files {
		errs[f.Path] = f.Err != nil
	}
	if d := cmp.Diff(map[string]bool{"disk:/": false, "disk:/dir": true, "disk:/dir/in": false, "disk:/file": true}, errs); d != "" {
		t.Errorf("%v (-want +got)\n%s", slices.Sorted(maps.Keys(errs)), d)
	}
	if len(all.Problems) != 2 {
		t.Errorf("problems %v, want two", all.Problems)
	}
}
