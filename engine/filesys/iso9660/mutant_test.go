package iso9660

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	mutants     = 200
	mutantBlock = 512 // bytes; what holds nothing is left alone
)

// patched is an image with some bytes changed.
type patched struct {
	image   []byte
	patches []patch
}

type patch struct {
	off int64
	b   []byte
}

func (p *patched) ReadAt(b []byte, off int64) (int, error) {
	n, err := bytes.NewReader(p.image).ReadAt(b, off)
	for _, c := range p.patches {
		for i, v := range c.b {
			if at := c.off + int64(i) - off; at >= 0 && at < int64(n) {
				b[at] = v
			}
		}
	}
	return n, err
}

// walkBounded asks for everything, each node once and not more than some kilobytes of each file.
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
		_, _ = f.Stat(n)
		_, _ = f.Xattrs(n)
		if target, _ := f.ReadLink(n); len(target) > (1+maxContinuations)*blockSize {
			t.Fatalf("node %d: target of %d bytes", n, len(target))
		}
		if c, _ := f.Open(n); c != nil {
			b := make([]byte, 8<<10)
			for _, off := range []int64{0, 64 << 10, c.Size() / 2, c.Size() - 1000} {
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
				if _, err := f.Lookup(n, e.Name); err != nil {
					t.Fatalf("lookup of %q, which is listed: %v", e.Name, err)
				}
			}
		}
	}
}

// usedBlocks are the places of what holds something.
func usedBlocks(b []byte) (used []int64) {
	zero := make([]byte, mutantBlock)
	for at := descriptorAt; at+mutantBlock <= len(b); at += mutantBlock {
		if !bytes.Equal(b[at:at+mutantBlock], zero) {
			used = append(used, int64(at))
		}
	}
	return used
}

// TestMutantsOnlyFail: ISO 9660 keeps no checksums, so a difference cannot always be seen, but every answer must come.
func TestMutantsOnlyFail(t *testing.T) {
	for _, name := range []string{"rock-genisoimage", "deep-genisoimage", "plain-joliet", "hybrid"} {
		whole := image(t, name)
		used := usedBlocks(whole)
		random := rand.New(rand.NewPCG(9, 2026))
		for i := range mutants {
			var list []patch
			block := used[random.IntN(min(len(used), 150))] // descriptors and directories come first
			if i%8 == 0 {
				block = used[random.IntN(4)]
			}
			for range 1 + random.IntN(16) {
				list = append(list, patch{block + random.Int64N(mutantBlock), []byte{byte(random.IntN(256))}})
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

// patches decodes fuzz input: each patch is the number of a used block, an offset in it, a length up to 32 and the bytes.
func patches(data []byte, used []int64) (list []patch) {
	c := binread.Little(data)
	for c.Len() >= 6 && len(list) < 64 {
		off := used[int(c.U16())%len(used)] + int64(c.U16()%mutantBlock)
		n := min(int(c.U8()%32)+1, c.Len())
		list = append(list, patch{off, c.Bytes(n)})
	}
	return list
}

// FuzzISO changes images of each kind and asks for everything.
func FuzzISO(f *testing.F) {
	var all [][]byte
	var used [][]int64
	for _, name := range []string{"rock-xorriso", "deep-genisoimage", "plain-joliet"} {
		b := image(f, name)
		all = append(all, b)
		used = append(used, usedBlocks(b))
	}
	for kind := range byte(3) {
		f.Add(kind, []byte{})
		f.Add(kind, []byte("\x00\x00\x9e\x00\x03\xff\xff\xff\xff"))         // where the root is
		f.Add(kind, []byte("\x08\x00\x00\x00\x00\x21"))                     // length of a record
		f.Add(kind, []byte("\x08\x00\x22\x00\x08\xff\xff\xff\xff\xff\xff")) // a record's numbers
		f.Add(kind, []byte("\x08\x00\x80\x00\x1bCE\x1c\x01\x18\x00\x00\x00\x00\x00\x00\x18\x00\x00\x00\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x80"))
	}
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		i := int(kind) % len(all)
		var r io.ReaderAt = &patched{all[i], patches(data, used[i])}
		if opened, err := Open(r, int64(len(all[i]))); err == nil {
			walkBounded(t, opened)
		}
	})
}
