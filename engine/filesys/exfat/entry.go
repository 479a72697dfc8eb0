package exfat

import (
	"fmt"
	"io/fs"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	entrySize = 32 // bytes of a directory entry
	maxName   = 255
	nameUnits = 15 // of UTF-16 in one entry
	maxLabel  = 11

	kindEnd      = 0x00
	kindBitmap   = 0x81
	kindCapitals = 0x82
	kindLabel    = 0x83
	kindFile     = 0x85
	kindGUID     = 0xa0
	kindStream   = 0xc0
	kindName     = 0xc1
	kindInUse    = 0x80
	kindFollows  = 0x40 // the entry belongs to the one in front of it

	attrReadOnly  = 0x01
	attrDirectory = 0x10

	allocationPossible = 1 << 0 // GeneralSecondaryFlags
	noTableChain       = 1 << 1
	zoneValid          = 0x80
)

// entry is a raw directory entry.
type entry struct {
	raw []byte
	off int64
}

func (e *entry) kind() byte { return e.raw[0] }

// object is what a set of directory entries says of a file or directory, or the root, which has none.
type object struct {
	node       filesys.Node
	attributes uint16
	place
	valid                    int64 // ValidDataLength: bytes that were written
	name                     string
	create, modify, accessed time.Time
}

func (o *object) isDir() bool { return o.attributes&attrDirectory != 0 }

func (o *object) mode() uint32 {
	switch {
	case o.isDir():
		return filesys.ModeDir | 0o755
	case o.attributes&attrReadOnly != 0:
		return filesys.ModeRegular | 0o555
	}
	return filesys.ModeRegular | 0o755
}

// decodeSet decodes the entries of a file: the first, its stream, its name and what vendors add. An object whose checksum is wrong comes
// with the error.
func decodeSet(n filesys.Node, set [][]byte) (object, error) {
	c := binread.Little(set[0])
	stored := c.At(2).U16()
	o := object{node: n, attributes: c.U16()}
	o.create = decodeTime(c.At(8).U32(), set[0][20], set[0][22])
	o.modify = decodeTime(c.U32(), set[0][21], set[0][23])
	o.accessed = decodeTime(c.U32(), 0, set[0][24])
	if len(set) < 3 || set[1][0] != kindStream {
		return object{}, binread.Corrupt("%d entries of a file, want a stream and a name", len(set))
	}
	c = binread.Little(set[1])
	flags := c.At(1).U8()
	length := int(c.At(3).U8())
	o.valid = int64(c.At(8).U64())
	o.place = place{start: c.At(20).U32(), length: int64(c.U64()), contiguous: flags&noTableChain != 0}
	if flags&allocationPossible == 0 {
		o.start, o.contiguous = 0, false
	}
	name, err := decodeName(set[2:], length)
	switch {
	case err != nil:
		return object{}, err
	case o.length < 0 || o.valid < 0 || o.valid > o.length:
		return object{}, binread.Corrupt("%d bytes written of %d", uint64(o.valid), uint64(o.length))
	}
	o.name = name
	if sum := checksum(set); sum != stored {
		return o, binread.Checksum("the checksum of its entries is %#04x, want %#04x", stored, sum)
	}
	return o, nil
}

// decodeName puts a name of so many units together.
func decodeName(set [][]byte, length int) (string, error) {
	var all []uint16
	for _, raw := range set {
		if raw[0] != kindName {
			break
		}
		c := binread.Little(raw[2:])
		all = append(all, units(&c, nameUnits)...)
	}
	if length == 0 || length > len(all) {
		return "", binread.Corrupt("a name of %d units in entries for %d", length, len(all))
	}
	return binread.WTF8(all[:length]), nil
}

func units(c *binread.Cursor, n int) []uint16 {
	all := make([]uint16, n)
	for i := range all {
		all[i] = c.U16()
	}
	return all
}

// checksum is that of a set of entries (6.3.3).
func checksum(set [][]byte) (sum uint16) {
	for i, raw := range set {
		for at, v := range raw {
			if i == 0 && (at == 2 || at == 3) {
				continue
			}
			sum = sum<<15 | sum>>1
			sum += uint16(v)
		}
	}
	return sum
}

// decodeTime decodes a time of two seconds, more hundredths, and its zone in quarters of an hour.
func decodeTime(stamp uint32, hundredths, zone uint8) time.Time {
	date, clock := int(stamp>>16), int(stamp&0xffff)
	t := time.Date(1980+date>>9, time.Month(date>>5&0xf), date&0x1f, clock>>11, clock>>5&0x3f, clock&0x1f*2, 0, time.UTC)
	t = t.Add(time.Duration(hundredths) * 10 * time.Millisecond)
	if zone&zoneValid != 0 {
		t = t.Add(-time.Duration(int8(zone<<1)>>1) * 15 * time.Minute)
	}
	return t
}

// Stat describes a node. One whose entries do not fit their checksum is described with an error.
func (f *FS) Stat(n filesys.Node) (filesys.Stat, error) {
	o, err := f.object(n)
	if err != nil && o.node == 0 {
		return filesys.Stat{}, fmt.Errorf("exfat: node %d: %w", n, err)
	}
	size := f.boot.clusterSize()
	s := filesys.Stat{
		Node: n, Mode: o.mode(), Links: 1, Size: o.length, Allocated: -1,
		Access: o.accessed, Modify: o.modify, Change: o.modify, Birth: o.create,
	}
	if o.length <= f.boot.size() {
		s.Allocated = (o.length + size - 1) / size * size
	}
	if n == rootNode {
		s.Access, s.Modify, s.Change = time.Unix(0, 0).UTC(), time.Unix(0, 0).UTC(), time.Unix(0, 0).UTC()
		s.Size = f.rootSize()
		s.Allocated = s.Size
	}
	if err != nil {
		return s, fmt.Errorf("exfat: node %d: %w", n, err)
	}
	return s, nil
}

// rootSize is the size of the root directory, which has no entry that says it.
func (f *FS) rootSize() (n int64) {
	runs, _ := f.runs(place{start: f.boot.root, length: allOf}) // ReadDir says what is wrong
	for _, r := range runs {
		n += r.Len
	}
	return n
}

// Open opens the content of a regular file.
func (f *FS) Open(n filesys.Node) (filesys.File, error) {
	o, err := f.object(n)
	switch {
	case err != nil:
	case o.isDir():
		err = wrongType(&o, "file")
	}
	if err != nil {
		return nil, fmt.Errorf("exfat: node %d: %w", n, err)
	}
	return f.file(&o), nil
}

// file is the content of a file: what was written, and zeros behind it.
func (f *FS) file(o *object) *filesys.Content {
	written := o.place
	written.length = o.valid
	runs, err := f.runs(written)
	c := &filesys.Content{Where: fmt.Sprintf("exfat: node %d", o.node), Volume: f.r, Limit: f.size, Damage: err}
	if err == nil && o.valid < o.length {
		runs = append(runs, filesys.Run{Len: o.length - o.valid, Zero: true})
	}
	c.Consist(o.length, runs)
	return c
}

// ReadLink says that exFAT has no links.
func (f *FS) ReadLink(n filesys.Node) (string, error) {
	o, err := f.object(n)
	if err == nil {
		err = wrongType(&o, "symlink")
	}
	return "", fmt.Errorf("exfat: node %d: %w", n, err)
}

// Xattrs returns nil: exFAT has no extended attributes.
func (f *FS) Xattrs(n filesys.Node) (map[string][]byte, error) {
	if _, err := f.object(n); err != nil {
		return nil, fmt.Errorf("exfat: node %d: %w", n, err)
	}
	return nil, nil
}

// wrongType is the error of a method that was asked for a node of another type.
func wrongType(o *object, want string) error {
	return fmt.Errorf("a %s, want a %s: %w", filesys.TypeName(o.mode()), want, fs.ErrInvalid)
}
