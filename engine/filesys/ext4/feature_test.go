package ext4

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// find returns the node of a path, which holds no links.
func find(t testing.TB, f *FS, path string) filesys.Node {
	t.Helper()
	n := f.Root()
	for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if name == "" {
			continue
		}
		next, err := f.Lookup(n, name)
		if err != nil {
			t.Fatalf("%s: %q: %v", path, name, err)
		}
		n = next
	}
	return n
}

func TestThreeLevelsOfHashTree(t *testing.T) {
	f := openImage(t, "htree3")
	dir := find(t, f, "/dir")
	one := find(t, f, "/one")
	entries, err := f.ReadDir(dir)
	if err != nil || len(entries) != 21000 {
		t.Fatalf("%d entries, %v, want 21000", len(entries), err)
	}
	for i := 0; i < 21000; i += 7 {
		name := fmt.Sprintf("%0250d", i)
		if entries[i].Name != name {
			t.Fatalf("entry %d is %q, want %q", i, entries[i].Name, name)
		}
		in, err := f.readInode(dir)
		if err != nil {
			t.Fatal(err)
		}
		d, err := f.openDir(&in)
		if err != nil {
			t.Fatal(err)
		}
		// the tree itself, not the way around it
		if n, err := d.lookupHash(name); n != one || err != nil {
			t.Fatalf("%q: %d, %v, want %d", name, n, err, one)
		}
		if n, err := d.lookupHash(name + "x"); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%q: %d, %v, want fs.ErrNotExist", name+"x", n, err)
		}
	}
}

// TestHashesAgreeWithTheTree looks every name up by the hash tree alone, in the images of each hash.
func TestHashesAgreeWithTheTree(t *testing.T) {
	for _, hash := range []string{"legacy", "half_md4", "tea"} {
		for _, sign := range []string{"signed", "unsigned"} {
			t.Run(hash+" "+sign, func(t *testing.T) {
				f := openImage(t, "hash-"+hash+"-"+sign)
				dir := find(t, f, "/dir")
				entries, err := f.ReadDir(dir)
				if err != nil || len(entries) != 120 {
					t.Fatalf("%d entries, %v, want 120", len(entries), err)
				}
				in, _ := f.readInode(dir)
				d, _ := f.openDir(&in)
				if !in.has(flagIndex) || d.count < 4 {
					t.Fatalf("%d blocks, flags %#x, want a hash tree", d.count, in.flags)
				}
				for _, e := range entries {
					if n, err := d.lookupHash(e.Name); n != e.Node || err != nil {
						t.Errorf("%q: %d, %v, want %d", e.Name, n, err, e.Node)
					}
				}
			})
		}
	}
}

func TestEncryptedContentIsSaid(t *testing.T) {
	f := openImage(t, "encrypted")
	dir := find(t, f, "/secret")
	st, err := f.Stat(dir)
	if err != nil || !slices.Equal(st.Flags, []string{"encrypted"}) {
		t.Errorf("flags %q, %v, want encrypted", st.Flags, err)
	}
	entries, err := f.ReadDir(dir)
	if err != nil || len(entries) != 82 {
		t.Fatalf("%d entries, %v, want 82", len(entries), err)
	}
	slashes := 0
	for _, e := range entries {
		slashes += strings.Count(e.Name, "/")
		if n, err := f.Lookup(dir, e.Name); n != e.Node || err != nil {
			t.Errorf("%q: %d, %v, want %d", e.Name, n, err, e.Node)
		}
		switch e.Type {
		case 0:
			_, err = f.Open(e.Node)
		case fs.ModeSymlink:
			_, err = f.ReadLink(e.Node)
		default:
			continue
		}
		if !errors.Is(err, binread.ErrEncrypted) {
			t.Errorf("%q: %v, want binread.ErrEncrypted", e.Name, err)
		}
	}
	if slashes == 0 {
		t.Error("no name holds a slash: the image does not test that")
	}
}

func TestFoldedDirectories(t *testing.T) {
	f := openImage(t, "casefold")
	for path, ok := range map[string]bool{
		"folded/MIXED case name 7": true, "folded/Mixed Case Name 7": true, "folded/mixed": false,
		"small/gRÖSSE": false, "small/gRÖßE": true, "plain/MIXED case name 7": false,
	} {
		dir, name, _ := strings.Cut(path, "/")
		st, err := f.Stat(find(t, f, dir))
		if folded := slices.Contains(st.Flags, "casefold"); err != nil || folded != (dir != "plain") {
			t.Errorf("%s: flags %q, %v", dir, st.Flags, err)
		}
		_, err = f.Lookup(st.Node, name)
		if ok && err != nil || !ok && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want found: %v", path, err, ok)
		}
	}
}

func TestFlagsAndBirthTimes(t *testing.T) {
	f := openImage(t, "kernel")
	for path, want := range map[string]string{"extents/immutable": "[immutable]", "extents/append": "[append]", "sizes/1": "[]"} {
		st, err := f.Stat(find(t, f, path))
		if got := fmt.Sprint(st.Flags); err != nil || got != want {
			t.Errorf("%s: flags %s, %v, want %s", path, got, err, want)
		}
		if st.Birth.Year() < 2026 {
			t.Errorf("%s: birth time %v, want when the image was made", path, st.Birth)
		}
	}
	st, err := openImage(t, "ext2-1k").Stat(rootInode)
	if err != nil || !st.Birth.IsZero() {
		t.Errorf("inodes of 128 bytes: birth time %v, %v, want none", st.Birth, err)
	}
}

func TestTypesByFeatures(t *testing.T) {
	for name, want := range map[string]string{
		"ext2-1k": "ext2", "ext2-4k": "ext2", "ext3-2k": "ext3", "ext4-1k": "ext4", "ext4-nojournal": "ext4", "journal_ext3": "ext3",
	} {
		d := openImage(t, name).Description()
		if d.Type != want || d.Label != "guestctl test" || d.UUID != "6f6e6c79-6d61-6465-666f-727465737473" {
			t.Errorf("%s: %s %q %s, want %s", name, d.Type, d.Label, d.UUID, want)
		}
	}
}

// The numbers are dumpe2fs's.
func TestFreeSpaceIsInBlocks(t *testing.T) {
	for name, want := range map[string]int64{"ext4-1k": 6441 << 10, "ext4-bigalloc": 6248 << 10} {
		if d := openImage(t, name).Description(); d.Free != want {
			t.Errorf("%s: %d bytes are free, want %d", name, d.Free, want)
		}
	}
}

func TestProbeLooksAtTheMagicOnly(t *testing.T) {
	b := image(t, "mutant")
	for _, test := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"whole", b, true},
		{"superblock only", b[:2048], true},
		{"empty", nil, false},
		{"zeros", make([]byte, 4096), false},
	} {
		if got, err := Format.Probe(bytes.NewReader(test.b), int64(len(test.b))); got != test.want || err != nil {
			t.Errorf("%s: %v, %v, want %v", test.name, got, err, test.want)
		}
	}
}

func TestACLsAreAsGetxattrGivesThem(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"owner", "\x01\x00\x00\x00\x01\x00\x06\x00", "\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff"},
		{"user 258", "\x01\x00\x00\x00\x02\x00\x04\x00\x02\x01\x00\x00", "\x02\x00\x00\x00\x02\x00\x04\x00\x02\x01\x00\x00"},
	} {
		if got, err := decodeACL([]byte(test.in)); string(got) != test.want || err != nil {
			t.Errorf("%s: %q, %v, want %q", test.name, got, err, test.want)
		}
	}
	for _, bad := range []string{"\x01", "\x02\x00\x00\x00", "\x01\x00\x00\x00\x02\x00\x04\x00"} {
		if got, err := decodeACL([]byte(bad)); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("%q: %q, %v, want binread.ErrCorrupt", bad, got, err)
		}
	}
}
