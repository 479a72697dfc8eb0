package iso9660

import (
	"fmt"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	minRecord  = 34 // bytes of a directory record with a name of one byte
	rootRecord = 34
	recordName = 33 // offset of the name

	flagDirectory   = 1 << 1
	flagAssociated  = 1 << 2
	flagMultiExtent = 1 << 7

	maxExtents = 1 << 10
)

// record is a directory record (ECMA-119, 9.1).
type record struct {
	off       int64 // bytes, on the volume
	n         int   // bytes
	start     uint32
	size      uint32
	attrs     uint8 // blocks of an extended attribute record in front of the content
	recorded  time.Time
	flags     uint8
	unit, gap uint8 // of an interleaved file
	name      []byte
	system    []byte // system use
}

// decodeRecord decodes the record at the start of b, which ends with the record's block.
func decodeRecord(b []byte, off int64) (record, error) {
	n := int(b[0])
	switch {
	case n < minRecord:
		return record{}, binread.Corrupt("directory record of %d bytes at %#x, want at least %d", n, off, minRecord)
	case n > len(b):
		return record{}, binread.Corrupt("directory record of %d bytes at %#x crosses the end of its block", n, off)
	}
	b = b[:n:n]
	c := binread.Little(b)
	r := record{
		off:      off,
		n:        n,
		attrs:    c.At(1).U8(),
		start:    c.At(2).U32(),
		size:     c.At(10).U32(),
		recorded: decodeTime(b[18:25]),
		flags:    c.At(25).U8(),
		unit:     c.U8(),
		gap:      c.U8(),
	}
	nameLen := int(b[recordName-1])
	if nameLen == 0 || nameLen > n-recordName {
		return record{}, binread.Corrupt("directory record at %#x: name of %d bytes, want 1 to %d", off, nameLen, n-recordName)
	}
	r.name = b[recordName : recordName+nameLen]
	r.system = b[min(n, recordName+nameLen+1-nameLen%2):]
	return r, nil
}

func (r *record) isDir() bool { return r.flags&flagDirectory != 0 }
func (r *record) more() bool  { return r.flags&flagMultiExtent != 0 && !r.isDir() }

// off of the content in bytes.
func (r *record) content() int64 { return (int64(r.start) + int64(r.attrs)) * blockSize }

// self and parent are the two records that each directory begins with.
func (r *record) self() bool   { return len(r.name) == 1 && r.name[0] == 0 }
func (r *record) parent() bool { return len(r.name) == 1 && r.name[0] == 1 }

// readRecord reads the record of a node.
func (f *FS) readRecord(n filesys.Node) (record, error) {
	if n < (firstDescriptor*blockSize) || n >= filesys.Node(f.size) {
		return record{}, binread.Corrupt("node %d, want the place of a directory record", n)
	}
	return f.recordAt(int64(n))
}

func (f *FS) recordAt(off int64) (record, error) {
	b, err := f.block(uint32(off / blockSize))
	if err != nil {
		return record{}, err
	}
	return decodeRecord(b[off%blockSize:], off)
}

// readRoot reads the record at the start of the root directory, which describes it. The one in the descriptor is checked for itself.
func (f *FS) readRoot(d descriptor) (record, error) {
	root, err := f.readRecord(d.rootNode())
	switch {
	case err != nil:
	case !root.isDir() || root.n != rootRecord:
		err = binread.Corrupt("its record in the volume descriptor is not that of a directory")
	default:
		root, err = f.selfRecord(root.content())
	}
	if err != nil {
		return record{}, fmt.Errorf("root directory: %w", err)
	}
	return root, nil
}

// selfRecord reads the first record of a directory, which describes the directory.
func (f *FS) selfRecord(off int64) (record, error) {
	if off < 0 || off >= f.size {
		return record{}, binread.Corrupt("begins at %#x, want it before the end of the image at %#x", off, f.size)
	}
	r, err := f.recordAt(off)
	switch {
	case err != nil:
		return record{}, err
	case !r.isDir() || !r.self():
		return record{}, binread.Corrupt("does not begin with a record of itself at %#x", off)
	}
	return r, nil
}

// primaryName is the name of a record as Linux shows it.
func primaryName(raw []byte) string {
	b := make([]byte, 0, len(raw))
	for i, c := range raw {
		rest := string(raw[i:])
		if c == 0 || rest == ".;1" || rest == ";1" {
			break
		}
		switch {
		case c >= 'A' && c <= 'Z':
			c |= 0x20
		case c == ';' || c == '/':
			c = '.'
		}
		b = append(b, c)
	}
	return string(b)
}

// jolietName is the name of a record of Joliet: UTF-16 with the high byte first.
func jolietName(raw []byte) (string, error) {
	if len(raw)%2 != 0 {
		return "", binread.Corrupt("name of %d bytes, want units of two", len(raw))
	}
	c := binread.Big(raw)
	units := make([]uint16, 0, len(raw)/2)
	for c.Len() > 0 {
		units = append(units, c.U16())
	}
	name := binread.WTF8(units)
	if len(name) > 2 {
		name = strings.TrimSuffix(name, ";1")
	}
	for len(name) >= 2 && strings.HasSuffix(name, ".") {
		name = name[:len(name)-1]
	}
	return name, nil
}
