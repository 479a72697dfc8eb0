package xfs

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

const (
	mutants   = 200
	pieceSize = 512
)

// count is how many mutants are made of each image.
func count() int {
	if testing.Short() {
		return mutants / 20
	}
	return mutants / 2
}

// usedPieces are those that hold something, without the log and what is content of files only.
func usedPieces(f *FS, b []byte) (used []int64) {
	s := f.super
	log := s.offset(s.logStart)
	logEnd := log + int64(s.logBlocks)<<s.blockLog
	content := map[int64]bool{}
	_ = conformance.Walk(f, func(_ string, n filesys.Node) error {
		if c, err := f.Open(n); err == nil {
			c.(filesys.Mapped).Runs(func(r filesys.Run) {
				for at := r.Off; !r.Zero && at < r.Off+r.Len; at += pieceSize {
					content[at/pieceSize] = true
				}
			})
		}
		return nil
	})
	zero := make([]byte, pieceSize)
	for at := int64(0); at+pieceSize <= int64(len(b)); at += pieceSize {
		if (at < log || at >= logEnd) && !content[at/pieceSize] && !bytes.Equal(b[at:at+pieceSize], zero) {
			used = append(used, at)
		}
	}
	return used
}

// mutate changes up to 8 bytes of one piece.
func mutate(random *rand.Rand, used []int64) (list []conformance.Patch) {
	piece := used[random.IntN(len(used))]
	for range 1 + random.IntN(8) {
		list = append(list, conformance.Patch{Off: piece + random.Int64N(pieceSize), B: []byte{byte(random.IntN(256))}})
	}
	return list
}

// TestMutantsOnlyFail: version 4 keeps no checksums, so a difference cannot always be seen, but every answer must come.
func TestMutantsOnlyFail(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector learns nothing from one reader")
	}
	for _, name := range []string{"v4", "v4-512"} {
		whole := image(t, name)
		conformance.Mutants(t, Format, whole, usedPieces(openBytes(t, whole), whole))
	}
}

// TestMutantsAreNoticed: with the checksums of version 5, a difference comes with an error.
func TestMutantsAreNoticed(t *testing.T) {
	for _, name := range []string{"default", "1k"} {
		truth, err := conformance.ReadTruth(filepath.Join("testdata", name+".jsonl.gz"))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]*conformance.Object{}
		for i := range truth {
			want[truth[i].Path] = &truth[i]
		}
		whole := image(t, name)
		used := usedPieces(openBytes(t, whole), whole)
		random := rand.New(rand.NewPCG(5, 2026))
		failed := 0
		for range count() {
			list := mutate(random, used)
			f, err := Open(&conformance.Patched{Image: whole, Patches: list}, int64(len(whole)))
			if err != nil || len(f.Description().Problems) > 0 {
				failed++
				continue
			}
			seen, silent := 0, ""
			inodes := map[filesys.Node]bool{} // of the many names of one file the first is enough
			err = conformance.Walk(f, func(path string, n filesys.Node) error {
				seen++
				if inodes[n] {
					return nil
				}
				inodes[n] = true
				got, err := conformance.Describe(f, n)
				if w := want[path]; err == nil && (w == nil || got.Mode != w.Mode || got.ModTime != w.ModTime || got.SHA256 != w.SHA256 ||
					got.Target != w.Target || got.UID != w.UID || len(got.Xattrs) != len(w.Xattrs)) {
					silent = path
				}
				return err
			})
			if err != nil {
				failed++
			} else if silent != "" || seen != len(want) {
				t.Errorf("%s: %d bytes at %#x: %d objects, and %q is not as it was, and no error", name, len(list), list[0].Off, seen, silent)
			}
		}
		if failed < count()/5 {
			t.Errorf("%s: %d of %d mutants failed: the test changes the wrong places", name, failed, count())
		}
	}
}

// FuzzXFS changes images without checksums and asks for everything.
func FuzzXFS(f *testing.F) {
	var all [][]byte
	var used [][]int64
	for _, name := range []string{"v4", "v4-512"} {
		b := image(f, name)
		all = append(all, b)
		used = append(used, usedPieces(openBytes(f, b), b))
	}
	for kind := range byte(2) {
		f.Add(kind, []byte{})
		f.Add(kind, []byte("\x00\x00\x78\x00\x04\x0c\x09\x08\x03\x09"))         // logarithms
		f.Add(kind, []byte("\x08\x00\x64\x00\x08\xff\xff\xff\xff\xff\xff\xff")) // an inode's content
		f.Add(kind, []byte("\x40\x00\x10\x00\x04\xff\xff\x00\x08"))             // entries
		f.Add(kind, []byte("\x80\x00\x08\x00\x04\xfb\xee\x00\x00"))             // attributes
	}
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		i := int(kind) % len(all)
		conformance.Mutate(t, Format, all[i], used[i], data)
	})
}

// unsummed is an image without the checksums of the records in its log, and the pieces of them.
func unsummed(t testing.TB, name string) (b []byte, pieces []int64) {
	t.Helper()
	h := newHostile(t, name)
	b = bytes.Clone(h.Image)
	l := h.log()
	for _, r := range h.records() {
		clear(b[int(l.off)+r.at*logSector+recordSumOff:][:4])
		for i := range r.sectors() {
			pieces = append(pieces, l.off+int64((r.at+i)%l.count)*logSector)
		}
	}
	return b, pieces
}

// TestMutantsOfLogsOnlyFail: every answer must come, whatever the log says.
func TestMutantsOfLogsOnlyFail(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector learns nothing from one reader")
	}
	b, pieces := unsummed(t, "dirty-v4")
	conformance.Mutants(t, Format, b, pieces)
}

// TestMutantsOfChecksEnd: whatever is damaged, a check comes to an end.
func TestMutantsOfChecksEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector learns nothing from one reader")
	}
	random := rand.New(rand.NewPCG(9, 28))
	for _, name := range []string{"v4", "v4-512"} {
		whole := image(t, name)
		used := usedPieces(openBytes(t, whole), whole)
		complaints := 0
		for range count() / 4 {
			f, err := Open(&conformance.Patched{Image: whole, Patches: mutate(random, used)}, int64(len(whole)))
			if err != nil {
				continue
			}
			result, found := checkAll(t, f)
			complaints += min(1, len(found))
			if result.Damage < uint64(len(found)) || len(found) > filesys.MaxDamage {
				t.Errorf("%s: %d of %d were reported", name, len(found), result.Damage)
			}
		}
		if complaints < count()/16 {
			t.Errorf("%s: %d of %d mutants are damaged: the test changes the wrong places", name, complaints, count()/4)
		}
	}
}

// FuzzLog changes logs without checksums, and asks for everything.
func FuzzLog(f *testing.F) {
	b, pieces := unsummed(f, "dirty-v4")
	f.Add([]byte{})
	f.Add([]byte("\x8c\x8c\x8c\x8c\x8c\xff"))                     // a root of a map that is too short
	f.Add([]byte("\x00\x00\x10\x00\x04\xff\xff\xff\xff"))         // the oldest record
	f.Add([]byte("\x01\x00\x0c\x00\x04\xff\xff\xff\xff"))         // an operation
	f.Add([]byte("\x02\x00\x18\x00\x08\x3c\x12\x02\x00\xff\xff")) // an item
	f.Fuzz(func(t *testing.T, data []byte) { conformance.Mutate(t, Format, b, pieces, data) })
}
