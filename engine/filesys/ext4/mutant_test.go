package ext4

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

const mutants = 200

// survey is everything a file system says: by path, what the object is, or the error.
func survey(f *FS) (objects map[string]string, errs error) {
	objects = map[string]string{}
	var bad []error
	err := conformance.Walk(f, func(path string, n filesys.Node) error {
		o, err := conformance.Describe(f, n)
		if err == nil {
			size := *o.Size
			o.Size = nil
			objects[path] = fmt.Sprintf("%d %+v %d", n, o, size)
		}
		if i := strings.LastIndexByte(path, '/'); i > 0 { // the way a path is resolved
			if dir, ok := find2(f, path[:i]); ok {
				if got, err := f.Lookup(dir, path[i+1:]); err != nil || got != n {
					bad = append(bad, fmt.Errorf("lookup %q: %d, %w", path, got, err))
				}
			}
		}
		return err
	})
	bad = append(bad, err)
	return objects, errors.Join(bad...)
}

func find2(f *FS, path string) (filesys.Node, bool) {
	n := f.Root()
	for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		next, err := f.Lookup(n, name)
		if err != nil {
			return 0, false
		}
		n = next
	}
	return n, true
}

// contentBlocks are the blocks that no checksum covers: those of files and of long links.
func contentBlocks(t *testing.T, f *FS) map[int64]bool {
	t.Helper()
	blocks := map[int64]bool{0: true} // the boot block
	err := conformance.Walk(f, func(_ string, n filesys.Node) error {
		in, err := f.readInode(n)
		if err != nil || in.has(flagInlineData) || in.kind() == filesys.ModeDir || in.kind() == filesys.ModeSymlink && in.size < mapSize {
			return err
		}
		m, err := f.mapper(&in)
		if err != nil {
			return err
		}
		for at := uint64(0); at<<f.device.shift < uint64(in.size); {
			r, err := m.run(at)
			if err != nil {
				return err
			}
			for i := range min(r.count, uint64(in.size)) {
				if r.start != 0 {
					blocks[int64(r.start+i)] = true
				}
			}
			at += r.count
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

// TestMutantsAreNeverSilent changes bytes of blocks that are in use. Nothing may panic or run away, and where a checksum
// covers the block, no answer may differ from the whole image's without an error or a problem.
func TestMutantsAreNeverSilent(t *testing.T) {
	whole := image(t, "mutant")
	f := openBytes(t, whole)
	want, err := survey(f)
	if err != nil {
		t.Fatal(err)
	}
	uncovered := contentBlocks(t, f)
	used := usedBlocks(whole)
	random := rand.New(rand.NewPCG(2, 2026))
	loud := 0
	for i := range mutants {
		b := bytes.Clone(whole)
		block := used[random.IntN(len(used))]
		for range 1 + random.IntN(8) {
			b[block<<10+random.Int64N(1<<10)] ^= byte(1 + random.IntN(255))
		}
		f, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			loud++
			continue
		}
		got, errs := survey(f)
		if errs != nil || taints(f) != "" {
			loud++
			continue
		}
		for path, o := range want {
			if got[path] != o && !uncovered[block] {
				t.Errorf("mutant %d, block %d: %q is %q, want %q or an error", i, block, path, got[path], o)
			}
		}
		for path := range got {
			if _, known := want[path]; !known {
				t.Errorf("mutant %d, block %d: %q is new", i, block, path)
			}
		}
	}
	if loud < mutants/4 {
		t.Errorf("only %d of %d mutants were noticed: the test does not reach metadata", loud, mutants)
	}
}

// usedBlocks are the blocks of 1 KiB that hold something.
func usedBlocks(b []byte) (used []int64) {
	zero := make([]byte, 1<<10)
	for at := 0; at+1<<10 <= len(b); at += 1 << 10 {
		if !bytes.Equal(b[at:at+1<<10], zero) {
			used = append(used, int64(at>>10))
		}
	}
	return used
}

// TestMutantsOfOldFormatsOnlyFail: without checksums a difference cannot be seen, but every answer must come.
func TestMutantsOfOldFormatsOnlyFail(t *testing.T) {
	for _, name := range []string{"hash-tea-signed", "ext2-1k"} {
		whole := bytes.Clone(image(t, name))
		whole[superblockOffset+0x65] &^= roMetadataCsum >> 8
		used := usedBlocks(whole)
		random := rand.New(rand.NewPCG(3, 2026))
		for range mutants / 4 {
			var undo []int64
			b := whole
			block := used[random.IntN(len(used)/2)] // most of what comes later is content
			for range 1 + random.IntN(16) {
				undo = append(undo, block<<10+random.Int64N(1<<10))
			}
			old := make([]byte, len(undo))
			for i, at := range undo {
				old[i] = b[at]
				b[at] = byte(random.IntN(256))
			}
			if f, err := Open(bytes.NewReader(b), int64(len(b))); err == nil {
				walkBounded(f)
			}
			for i := len(undo) - 1; i >= 0; i-- {
				b[undo[i]] = old[i]
			}
		}
	}
}

// walkBounded asks for everything, each node once and not more than some megabytes of each file.
func walkBounded(f *FS) {
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
		_, _ = f.ReadLink(n)
		if c, _ := f.Open(n); c != nil {
			b := make([]byte, 64<<10)
			for _, off := range []int64{0, 64 << 10, 1 << 20, c.Size() / 2, c.Size() - 1000} {
				_, _ = c.ReadAt(b, off)
			}
		}
		entries, _ := f.ReadDir(n)
		for i, e := range entries {
			queue = append(queue, e.Node)
			if i%16 == 0 {
				if _, err := f.Lookup(n, e.Name); errors.Is(err, fs.ErrInvalid) {
					panic("a directory is no directory: " + err.Error())
				}
			}
		}
	}
}
