package xfs

import (
	"bytes"
	"fmt"
	"io/fs"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	dirMagicBlock   = 0x58443242 // "XD2B"
	dirMagicBlockV5 = 0x58444233 // "XDB3"
	dirMagicData    = 0x58443244 // "XD2D"
	dirMagicDataV5  = 0x58444433 // "XDD3"

	dirMagicFreeV5 = 0x58444633 // "XDF3"

	dirFreeTag = 0xffff
)

// entries lists a block of entries.
func (r *dirReader) entries(b []byte) error {
	c := binread.Big(b)
	magic := c.U32()
	block, data, header := uint32(dirMagicBlock), uint32(dirMagicData), 16
	if r.fs.super.v5() {
		block, data, header = dirMagicBlockV5, dirMagicDataV5, 64
	}
	end := len(b)
	if r.check != nil {
		r.check.beginBlock(r.logical, b, magic == block)
	}
	switch magic {
	case data:
	case block:
		// the index stands at the end: 8 bytes for each entry, and how many they are
		count := int64(c.At(len(b) - 8).U32())
		if count > int64(len(b)-header-8)/8 {
			return binread.Corrupt("%d entries in the index of a block of %d bytes", count, len(b))
		}
		end -= 8 + int(count)*8
	default:
		return binread.Corrupt("magic %#x, want %#x or %#x", magic, block, data)
	}
	defer r.share()
	for off := header; off < end; {
		n, err := r.entry(b[off:end], off)
		if err != nil {
			return fmt.Errorf("entry at %d: %w", off, err)
		}
		off += n
	}
	return nil
}

// entry lists the entry that b begins with, if it is in use, and returns how long it is.
func (r *dirReader) entry(b []byte, off int) (int, error) {
	c := binread.Big(b)
	if c.U16() == dirFreeTag {
		n := int(c.U16())
		if c.Err() != nil || n < 8 || n%8 != 0 || n > len(b) {
			return 0, binread.Corrupt("%d free bytes, want a multiple of 8 from 8 to %d", n, len(b))
		}
		if r.check != nil {
			r.check.free(n)
		}
		return n, nil
	}
	node, length := c.At(0).U64(), int(c.U8())
	name, kind := c.Bytes(length), uint8(0)
	if r.fs.super.hasTypes() {
		kind = c.U8()
	}
	n := (c.Offset() + 2 + 7) &^ 7
	if c.Err() != nil || n > len(b) {
		return 0, binread.Corrupt("a name of %d bytes ends behind the block", length)
	}
	if tag := int(c.At(n - 2).U16()); tag != off {
		return 0, binread.Corrupt("tag %d, want %d", tag, off)
	}
	if r.check != nil {
		r.check.entry(name, node, kind, off)
	}
	if string(name) == "." || string(name) == ".." {
		return n, nil
	}
	return n, r.add(name, node, kind)
}

// add lists an entry, or keeps what is wrong with it.
func (r *dirReader) add(name []byte, node uint64, kind uint8) error {
	switch {
	case len(r.l.Entries)+len(r.lengths) >= maxDirEntries:
		return binread.Limit("more than %d entries", maxDirEntries)
	case len(name) == 0:
		r.bad.Add(binread.Corrupt("inode %d has an empty name", node))
	case bytes.ContainsAny(name, "/\x00"), string(name) == ".", string(name) == "..":
		r.bad.Add(binread.Corrupt("name %q, which no path could hold", name))
	case !r.fs.super.hasInode(node):
		r.bad.Add(binread.Corrupt("%q names inode %d, where none can be", name, node))
	default:
		r.names = append(r.names, name...)
		r.lengths = append(r.lengths, uint8(len(name)))
		r.l.Entries = append(r.l.Entries, filesys.DirEntry{Node: filesys.Node(node), Type: entryType(kind)})
	}
	return nil
}

// share gives the entries of a block their names. They share one allocation.
func (r *dirReader) share() {
	names, first := string(r.names), len(r.l.Entries)-len(r.lengths)
	for i, n := range r.lengths {
		r.l.Entries[first+i].Name, names = names[:n], names[n:]
	}
	r.names, r.lengths = r.names[:0], r.lengths[:0]
}

func entryType(kind uint8) fs.FileMode {
	types := [...]uint32{
		1: filesys.ModeRegular, 2: filesys.ModeDir, 3: filesys.ModeChar, 4: filesys.ModeBlock,
		5: filesys.ModeFIFO, 6: filesys.ModeSocket, 7: filesys.ModeSymlink,
	}
	if int(kind) >= len(types) || kind == 0 {
		return fs.ModeIrregular
	}
	return filesys.TypeOf(types[kind])
}
