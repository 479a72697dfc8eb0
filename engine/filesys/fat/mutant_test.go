package fat

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const mutants = 200

// patched is an image with some bytes changed: a fuzzer that had to carry the whole image would be slow.
type patched struct {
	image   []byte // or zeros without an end
	patches []patch
}

type patch struct {
	off int64
	b   []byte
}

func (p *patched) ReadAt(b []byte, off int64) (int, error) {
	n, err := len(b), error(nil)
	if clear(b); p.image != nil {
		n, err = bytes.NewReader(p.image).ReadAt(b, off)
	}
	for _, c := range p.patches {
		for i, v := range c.b {
			if at := c.off + int64(i) - off; at >= 0 && at < int64(n) {
				b[at] = v
			}
		}
	}
	return n, err
}

// walkBounded asks for everything, each node once and not more than some megabytes of each file.
func walkBounded(t testing.TB, f *FS) {
	seen := map[filesys.Node]bool{}
	queue := []filesys.Node{f.Root()}
	for len(queue) > 0 && len(seen) < 2000 {
		n := queue[0]
		queue = queue[1:]
		if seen[n] {
			continue
		}
		seen[n] = true
		st, _ := f.Stat(n)
		if st.IsDir() && st.Size > maxDirBytes+f.boot.clusterSize() {
			t.Fatalf("directory %d has %d bytes", n, st.Size)
		}
		if c, _ := f.Open(n); c != nil {
			b := make([]byte, 64<<10)
			for _, off := range []int64{0, 64 << 10, 1 << 20, c.Size() / 2, c.Size() - 1000} {
				_, _ = c.ReadAt(b, off)
			}
			total := int64(0)
			if whole := c.(filesys.Mapped).Runs(func(r filesys.Run) { total += r.Len }); whole && total != c.Size() {
				t.Fatalf("node %d: runs of %d bytes, want %d", n, total, c.Size())
			}
		}
		entries, _ := f.ReadDir(n)
		for i, e := range entries {
			queue = append(queue, e.Node)
			if i%16 == 0 {
				if got, err := f.Lookup(n, e.Name); err == nil && got == 0 {
					t.Fatalf("%q of %d is found and is no node", e.Name, n)
				}
			}
		}
	}
	_, _ = f.Check(context.Background(), func(filesys.Damage) {})
	_, _ = f.Owners(context.Background(), []uint64{0, 1, 2, 3, 100, 1000, 1 << 40})
}

// usedSectors are the sectors that hold something.
func usedSectors(b []byte) (used []int64) {
	zero := make([]byte, bootSize)
	for at := 0; at+bootSize <= len(b); at += bootSize {
		if !bytes.Equal(b[at:at+bootSize], zero) {
			used = append(used, int64(at/bootSize))
		}
	}
	return used
}

// TestMutantsOnlyFail: FAT keeps no checksums, so a difference cannot always be seen, but every answer must come.
func TestMutantsOnlyFail(t *testing.T) {
	for _, name := range []string{"fat12", "fat16", "fat32", "fat32-2k"} {
		whole := image(t, name)
		used := usedSectors(whole)
		random := rand.New(rand.NewPCG(4, 2026))
		count := mutants
		if testing.Short() {
			count /= 5
		}
		for i := range count {
			var list []patch
			sector := used[random.IntN(len(used))]
			if i%4 == 0 {
				sector = used[random.IntN(4)] // the boot sector, its companions and the table
			}
			for range 1 + random.IntN(16) {
				list = append(list, patch{sector*bootSize + random.Int64N(bootSize), []byte{byte(random.IntN(256))}})
			}
			var r io.ReaderAt = &patched{whole, list}
			if _, err := Format.Probe(r, int64(len(whole))); err != nil {
				t.Error(err)
			}
			if f, err := Open(r, int64(len(whole))); err == nil {
				walkBounded(t, f)
			}
		}
	}
}

// patches decodes fuzz input: each patch is the number of a used sector, an offset in it, a length up to 32 and the bytes.
func patches(data []byte, used []int64) (list []patch) {
	c := binread.Little(data)
	for c.Len() >= 6 && len(list) < 64 {
		sector := used[int(c.U16())%len(used)]
		off := sector*bootSize + int64(c.U16()%bootSize)
		n := min(int(c.U8()%32)+1, c.Len())
		list = append(list, patch{off, c.Bytes(n)})
	}
	return list
}

// FuzzFAT changes images of each kind and asks for everything.
func FuzzFAT(f *testing.F) {
	var all [][]byte
	var used [][]int64
	for _, name := range []string{"fat12", "crafted", "fat32-2k"} {
		b := image(f, name)
		all = append(all, b)
		used = append(used, usedSectors(b))
	}
	for kind := range byte(3) {
		f.Add(kind, []byte{})
		f.Add(kind, []byte("\x00\x00\x0b\x00\x02\x00\x10\x80"))                 // size of sectors and clusters
		f.Add(kind, []byte("\x01\x00\x04\x00\x05\xff\xff\xff\xff\xff\xff"))     // the table
		f.Add(kind, []byte("\x04\x00\x20\x00\x08\x41a\x00b\x00c\x00d\x00"))     // a long name
		f.Add(kind, []byte("\x08\x00\x1a\x00\x05\x02\x00\xff\xff\xff\xff\xff")) // a cluster and a size
	}
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		i := int(kind) % len(all)
		var r io.ReaderAt = &patched{all[i], patches(data, used[i])}
		if opened, err := Open(r, int64(len(all[i]))); err == nil {
			walkBounded(t, opened)
		}
	})
}
