package btrfs

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

// resum makes the crc32c of a superblock or a block of metadata right again, so that what lies behind it is met.
func resum(b []byte) {
	binary.LittleEndian.PutUint32(b, crc32.Checksum(b[sumSize:], crc32.MakeTable(crc32.Castagnoli)))
}

// resumAs does it with another checksum.
func resumAs(kind sumType, b []byte) {
	sum := kind.of(b[sumSize:])
	copy(b[:sumSize], sum[:])
}

// FuzzBtrfs changes blocks of metadata, with right checksums, and asks for everything.
func FuzzBtrfs(f *testing.F) {
	whole := image(f, "log")
	original := openBytes(f, whole)
	blocks := blocksOf(f, original, extentTreeID, deviceTreeID, sumTreeID, freeTreeID)
	for i := range byte(len(blocks)) {
		f.Add(i, uint16(0x60), []byte{0xff, 0xff})       // the count of items
		f.Add(i, uint16(0x64), []byte{7})                // the level
		f.Add(i, uint16(0x65), []byte{0xff, 1, 2, 3})    // a key
		f.Add(i, uint16(0x76), []byte{0xff, 0xff, 0xff}) // the place of an item
		f.Add(i, uint16(16100), []byte{0xff, 0xff, 0xff, 0xff})
	}
	f.Fuzz(func(t *testing.T, number byte, off uint16, data []byte) {
		at := blocks[int(number)%len(blocks)][0]
		b := make([]byte, original.super.nodeSize)
		copy(b, whole[at:])
		copy(b[int(off)%len(b):], data)
		resum(b)
		opened, err := Open(&patched{whole, []patch{{at, b}}}, int64(len(whole)))
		if err != nil {
			return
		}
		askAll(opened)
		_, _ = opened.Check(t.Context(), func(filesys.Damage) {})
	})
}

// askAll asks for everything, each node once and not more than some of each file.
func askAll(f *FS) {
	seen := map[filesys.Node]bool{}
	for queue := []filesys.Node{f.Root()}; len(queue) > 0 && len(seen) < 1000; queue = queue[1:] {
		n := queue[0]
		if seen[n] {
			continue
		}
		seen[n] = true
		_, _ = f.ReadLink(n)
		_, _ = f.Xattrs(n)
		if c, err := f.Open(n); err == nil {
			_, _ = c.ReadAt(make([]byte, 64<<10), 0)
			_ = c.(filesys.Mapped).Runs(func(filesys.Run) {})
		}
		entries, _ := f.ReadDir(n)
		for _, e := range entries {
			queue = append(queue, e.Node)
		}
	}
}
