package ext4

import (
	"bytes"
	"io"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// patched is an image with some bytes changed: a fuzzer that had to carry the whole image would be slow.
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

// patches decodes fuzz input: each patch is the number of a used block, an offset in it, a length up to 32 and the bytes.
func patches(data []byte, blocks []int64) (list []patch) {
	c := binread.Little(data)
	for c.Len() >= 6 && len(list) < 64 {
		block := blocks[int(c.U16())%len(blocks)]
		off := block<<10 + int64(c.U16()%1024)
		n := min(int(c.U8()%32)+1, c.Len())
		list = append(list, patch{off, c.Bytes(n)})
	}
	return list
}

// withoutSums returns images whose checksums are switched off, and the blocks that they use.
func withoutSums(f *testing.F, names ...string) (images [][]byte, used [][]int64) {
	for _, name := range names {
		b := bytes.Clone(image(f, name))
		b[superblockOffset+0x65] &^= roMetadataCsum >> 8
		images = append(images, b)
		used = append(used, usedBlocks(b))
	}
	return images, used
}

// FuzzOpen changes images of three kinds, checksums switched off, and asks for everything.
func FuzzOpen(f *testing.F) {
	images, used := withoutSums(f, "mutant", "ext2-1k", "ext4-meta_bg")
	for kind := range byte(3) {
		f.Add(kind, []byte{})
		f.Add(kind, []byte("\x00\x00\x18\x00\x03\x02\x00\x00\x00"))             // block size
		f.Add(kind, []byte("\x01\x00\x08\x00\x03\xff\xff\xff\xff"))             // inode table
		f.Add(kind, []byte("\x03\x00\x80\x01\x03\x00\x40\x00\x40"))             // an inode
		f.Add(kind, []byte("\x08\x00\x04\x00\x01\x00\x00\x09\x00\x04\x00\x00")) // record lengths
	}
	f.Fuzz(func(_ *testing.T, kind byte, data []byte) {
		i := int(kind) % len(images)
		var r io.ReaderAt = &patched{images[i], patches(data, used[i])}
		if opened, err := Open(r, int64(len(images[i]))); err == nil {
			walkBounded(opened)
		}
	})
}

// FuzzJournal changes the log of images without and with checksums, with fast commits too.
func FuzzJournal(f *testing.F) {
	var images [][]byte
	var used [][]int64
	for _, name := range []string{"journal_ext3", "journal_sum1", "journal_data", "fast_commit"} {
		b := image(f, name)
		j, err := openBytes(f, b).openJournal()
		if err != nil {
			f.Fatal(err)
		}
		var blocks []int64
		for n := range j.length {
			if r, err := j.blocks.run(uint64(n)); err == nil && b[r.start<<10] != 0 {
				blocks = append(blocks, int64(r.start))
			}
		}
		images = append(images, b)
		used = append(used, blocks)
	}
	for kind := range byte(4) {
		f.Add(kind, []byte{})
		f.Add(kind, []byte("\x00\x00\x10\x00\x03\xff\xff\xff\xff"))                 // length
		f.Add(kind, []byte("\x01\x00\x0c\x00\x07\x00\x00\x00\x01\x00\x00\x00\x00")) // tags
		f.Add(kind, []byte("\x02\x00\x04\x00\x03\x00\x00\x00\x05"))                 // types
	}
	f.Fuzz(func(_ *testing.T, kind byte, data []byte) {
		i := int(kind) % len(images)
		var r io.ReaderAt = &patched{images[i], patches(data, used[i])}
		if opened, err := Open(r, int64(len(images[i]))); err == nil {
			_, _ = opened.ReadDir(rootInode)
			_, _ = opened.Stat(12)
		}
	})
}

// FuzzFastCommit reads a block of the fast-commit area and applies what it says.
func FuzzFastCommit(f *testing.F) {
	b := image(f, "fast_commit")
	h := &hostile{f, b, openBytes(f, b)}
	for n := range uint32(6) {
		at := h.logBlock(1024 + 1 + n)
		f.Add(b[at : at+1024])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		r := fastReader{sequence: 1}
		_, _ = r.block(data)
		fsys.fast = newFastCommits()
		for c := binread.Little(data); c.Len() >= fastTagHeader; { // whatever the checksums say
			tag := fastTag{kind: c.U16() % 8}
			tag.value = c.Bytes(min(int(c.U16()), c.Len()))
			_ = fsys.applyFast(tag)
		}
		_, _ = fsys.ReadDir(rootInode)
		for number := range fsys.fast.extents {
			if in, err := fsys.readInode(filesys.Node(number)); err == nil {
				if m, err := fsys.mapper(&in); err == nil {
					for at := uint64(0); at < 1<<12; {
						r, err := m.run(at)
						if err != nil {
							break
						}
						if r.count == 0 {
							t.Fatal("a run of no blocks")
						}
						at += r.count
					}
				}
			}
		}
	})
}
