package fat

import (
	"fmt"
	"io/fs"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// Attributes of a directory entry.
const (
	attrReadOnly  = 0x01
	attrVolume    = 0x08
	attrDirectory = 0x10
	attrLong      = 0x0f // all of them: a piece of a long name
	attrMask      = 0x3f
)

// The first byte of a directory entry.
const (
	entryEnd     = 0x00 // nor is there one behind it
	entryDeleted = 0xe5
	entryE5      = 0x05 // stands for 0xe5
)

// entry is a short directory entry, or the root, which has none.
type entry struct {
	node       filesys.Node
	short      [11]byte // DIR_Name
	attributes uint8    // DIR_Attr
	lower      uint8    // DIR_NTRes
	start      uint32   // DIR_FstClusHI and DIR_FstClusLO
	size       uint32   // DIR_FileSize
	times      [13]byte // from DIR_CrtTimeTenth to DIR_WrtDate
}

func (e *entry) isDir() bool { return e.node == rootNode || e.attributes&attrDirectory != 0 }

func (e *entry) mode() uint32 {
	switch {
	case e.isDir():
		return filesys.ModeDir | 0o755
	case e.attributes&attrReadOnly != 0:
		return filesys.ModeRegular | 0o555
	}
	return filesys.ModeRegular | 0o755
}

// isLong reports whether the entry is a piece of a long name, and isLabel whether it is the label of the volume.
func isLong(attributes uint8) bool  { return attributes&attrMask == attrLong }
func isLabel(attributes uint8) bool { return attributes&attrVolume != 0 && !isLong(attributes) }

// decodeEntry decodes the short entry that stands at off of the volume.
func (b *bootSector) decodeEntry(raw []byte, off int64) entry {
	c := binread.Little(raw)
	e := entry{node: filesys.Node(off / entrySize)}
	copy(e.short[:], c.Bytes(11))
	e.attributes, e.lower = c.U8(), c.U8()
	copy(e.times[:], raw[13:26])
	if b.bits == 32 { // else OS/2 keeps something of its own there
		e.start = uint32(c.At(20).U16()) << 16
	}
	e.start |= uint32(c.At(26).U16())
	e.size = c.U32()
	return e
}

// readEntry reads the entry of a node.
func (f *FS) readEntry(n filesys.Node) (entry, error) {
	if n == rootNode {
		return entry{node: rootNode, start: f.boot.rootCluster}, nil
	}
	first, end := f.boot.rootOff(), f.boot.size()
	if f.boot.bits == 32 {
		first = f.boot.dataOff()
	}
	if uint64(n) < uint64(first)/entrySize || uint64(n) >= uint64(end)/entrySize {
		return entry{}, binread.Corrupt("want a node from %d to %d", first/entrySize, end/entrySize-1)
	}
	off := int64(n) * entrySize
	raw, err := f.device.small(off, entrySize)
	if err != nil {
		return entry{}, err
	}
	e := f.boot.decodeEntry(raw, off)
	if e.short[0] == entryEnd || e.short[0] == entryDeleted || isLong(e.attributes) || isLabel(e.attributes) {
		return entry{}, binread.Corrupt("at %#x there is no directory entry of a file", off)
	}
	return e, nil
}

// Stat describes a node.
func (f *FS) Stat(n filesys.Node) (filesys.Stat, error) {
	e, err := f.readEntry(n)
	if err != nil {
		return filesys.Stat{}, fmt.Errorf("fat: node %d: %w", n, err)
	}
	s := filesys.Stat{
		Node: n, Mode: e.mode(), Links: 1,
		Access: e.time(0, 5, 0), Modify: e.time(9, 11, 0), Birth: e.time(1, 3, e.times[0]),
	}
	s.Change = s.Modify
	if e.node == rootNode {
		s.Access, s.Modify, s.Change, s.Birth = time.Unix(0, 0).UTC(), time.Unix(0, 0).UTC(), time.Unix(0, 0).UTC(), time.Time{}
	}
	if e.isDir() {
		s.Size = f.dirSize(&e)
		s.Allocated = s.Size
		return s, nil
	}
	size := f.boot.clusterSize()
	s.Size = int64(e.size)
	s.Allocated = (s.Size + size - 1) / size * size
	return s, nil
}

// time decodes a time of two seconds, at timeAt of the entry's times or without one where that is 0, its date at dateAt, and
// more hundredths of a second.
func (e *entry) time(timeAt, dateAt int, hundredths uint8) time.Time {
	c := binread.Little(e.times[:])
	clock := 0
	if timeAt != 0 {
		clock = int(c.At(timeAt).U16())
	}
	date := int(c.At(dateAt).U16())
	// a date of zero is 1980-01-01, as Linux has it
	year, month, day := 1980+date>>9, time.Month(max(1, date>>5&0xf)), max(1, date&0x1f)
	return time.Date(year, month, day, clock>>11, clock>>5&0x3f, clock&0x1f*2, 0, time.UTC).Add(time.Duration(hundredths) * 10 * time.Millisecond)
}

// ReadLink says that FAT has no links.
func (f *FS) ReadLink(n filesys.Node) (string, error) {
	e, err := f.readEntry(n)
	if err == nil {
		err = wrongType(&e, "symlink")
	}
	return "", fmt.Errorf("fat: node %d: %w", n, err)
}

// Xattrs returns nil: FAT has no extended attributes.
func (f *FS) Xattrs(n filesys.Node) (map[string][]byte, error) {
	if _, err := f.readEntry(n); err != nil {
		return nil, fmt.Errorf("fat: node %d: %w", n, err)
	}
	return nil, nil
}

// wrongType is the error of a method that was asked for a node of another type.
func wrongType(e *entry, want string) error {
	return fmt.Errorf("a %s, want a %s: %w", filesys.TypeName(e.mode()), want, fs.ErrInvalid)
}
