package conformance

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	mutants     = 200
	fewMutants  = 40   // with -short
	mutantBlock = 512  // bytes; what holds nothing is left alone
	maxVisited  = 2000 // nodes of a mutant
)

// Patched is an image with some bytes changed: one that had to be copied whole would be slow.
type Patched struct {
	Image   []byte
	Patches []Patch
}

// Patch is some bytes at a place.
type Patch struct {
	Off int64
	B   []byte
}

// ReadAt implements io.ReaderAt.
func (p *Patched) ReadAt(b []byte, off int64) (int, error) {
	n, err := bytes.NewReader(p.Image).ReadAt(b, off)
	for _, c := range p.Patches {
		for i, v := range c.B {
			if at := c.Off + int64(i) - off; at >= 0 && at < int64(n) {
				b[at] = v
			}
		}
	}
	return n, err
}

// UsedBlocks are the places of the blocks of an image, from a place on, that hold something.
func UsedBlocks(image []byte, from int) (used []int64) {
	zero := make([]byte, mutantBlock)
	for at := from; at+mutantBlock <= len(image); at += mutantBlock {
		if !bytes.Equal(image[at:at+mutantBlock], zero) {
			used = append(used, int64(at))
		}
	}
	return used
}

// Mutants opens an image with random changes in the blocks that hold its metadata, in each fourth in one of the first four, and asks for
// everything: every answer must come.
func Mutants(t *testing.T, f filesys.Format, image []byte, used []int64) {
	t.Helper()
	random := rand.New(rand.NewPCG(9, 2026))
	count := mutants
	if testing.Short() {
		count = fewMutants
	}
	for i := range count {
		block := used[random.IntN(len(used))]
		if i%4 == 0 {
			block = used[random.IntN(4)]
		}
		p := &Patched{Image: image}
		for range 1 + random.IntN(16) {
			p.Patches = append(p.Patches, Patch{block + random.Int64N(mutantBlock), []byte{byte(random.IntN(256))}})
		}
		openMutant(t, f, p)
	}
}

// Mutate opens an image that fuzz input changed, and asks for everything. Each patch of the input is the number of a used block, an offset
// in it, a length up to 32, and the bytes.
func Mutate(t *testing.T, f filesys.Format, image []byte, used []int64, data []byte) {
	t.Helper()
	p := &Patched{Image: image}
	c := binread.Little(data)
	for c.Len() >= 6 && len(p.Patches) < 64 {
		off := used[int(c.U16())%len(used)] + int64(c.U16()%mutantBlock)
		n := min(int(c.U8()%32)+1, c.Len())
		p.Patches = append(p.Patches, Patch{off, c.Bytes(n)})
	}
	openMutant(t, f, p)
}

func openMutant(t *testing.T, f filesys.Format, p *Patched) {
	t.Helper()
	var r io.ReaderAt = p
	if _, err := f.Probe(r, int64(len(p.Image))); err != nil {
		t.Error(err)
	}
	if fsys, err := f.Open(r, int64(len(p.Image))); err == nil {
		walkBounded(t, fsys)
	}
}

// walkBounded asks for everything, each node once and not more than some kilobytes of each file.
func walkBounded(t *testing.T, fsys filesys.FS) {
	t.Helper()
	seen := map[filesys.Node]bool{}
	queue := []filesys.Node{fsys.Root()}
	for len(queue) > 0 && len(seen) < maxVisited {
		n := queue[0]
		queue = queue[1:]
		if seen[n] {
			continue
		}
		seen[n] = true
		_, _ = fsys.Stat(n)
		_, _ = fsys.Xattrs(n)
		_, _ = fsys.ReadLink(n)
		if c, _ := fsys.Open(n); c != nil {
			readBounded(t, n, c)
		}
		entries, _ := fsys.ReadDir(n)
		for i, e := range entries {
			queue = append(queue, e.Node)
			if i%16 != 0 {
				continue
			}
			if _, err := fsys.Lookup(n, e.Name); errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("lookup of %q, which is listed: %v", e.Name, err)
			}
		}
	}
}

func readBounded(t *testing.T, n filesys.Node, c filesys.File) {
	t.Helper()
	b := make([]byte, 8<<10)
	for _, off := range []int64{0, 64 << 10, c.Size() / 2, c.Size() - 1000} {
		_, _ = c.ReadAt(b, off)
	}
	mapped, ok := c.(filesys.Mapped)
	if !ok {
		return
	}
	total := int64(0)
	if whole := mapped.Runs(func(r filesys.Run) { total += r.Len }); whole && total != c.Size() {
		t.Fatalf("node %d: runs of %d bytes, want %d", n, total, c.Size())
	}
}
