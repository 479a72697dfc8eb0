package erofs

import (
	"bytes"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	longPrefix = 1 << 7 // flag of the number of a prefix: it is a long one

	maxXattrBytes = 4 << 20 // of all values of a node
)

// prefixNames are what the names of attributes begin with, by number.
var prefixNames = [...]string{
	"", "user.", "system.posix_acl_access", "system.posix_acl_default", "trusted.", "lustre.", "security.",
}

// readPrefixes reads the long prefixes, which begin with short ones.
func (f *FS) readPrefixes() ([]string, error) {
	s := &f.super
	if s.incompat&hasPrefixes == 0 || s.prefixCount == 0 {
		return nil, nil
	}
	r := f.r
	if s.compat&hasPlainPrefixes == 0 {
		switch {
		case s.incompat&hasMetabox != 0 && f.box.err != nil:
			return nil, f.box.err
		case s.incompat&hasMetabox != 0:
			r = f.box.value.r
		case s.packedInode != 0 && f.packed.err != nil:
			return nil, f.packed.err
		case s.packedInode != 0:
			r = f.packed.value
		}
	}
	prefixes := make([]string, s.prefixCount)
	off := s.prefixOff
	for i := range prefixes {
		prefix, n, err := readPrefix(r, off)
		if err != nil {
			return nil, fmt.Errorf("prefix %d: %w", i, err)
		}
		prefixes[i] = prefix
		off = (off + n + 3) &^ 3
	}
	return prefixes, nil
}

// readPrefix reads a long prefix, and how many bytes it has.
func readPrefix(r io.ReaderAt, off int64) (prefix string, n int64, err error) {
	b, err := binread.ReadAt(r, off, 2, 2)
	if err != nil {
		return "", 0, err
	}
	c := binread.Little(b)
	n = int64(c.U16())
	if n < 1 || n > 1+maxName {
		return "", 0, binread.Corrupt("%d bytes, want 1 to %d", n, 1+maxName)
	}
	if b, err = binread.ReadAt(r, off+2, n, 1+maxName); err != nil {
		return "", 0, err
	}
	base := b[0]
	if base == 0 || int(base) >= len(prefixNames) {
		return "", 0, binread.Unsupported("it begins with number %d, want 1 to %d", base, len(prefixNames)-1)
	}
	return prefixNames[base] + string(b[1:]), 2 + n, nil
}

// Xattrs returns the extended attributes of a node.
func (f *FS) Xattrs(n filesys.Node) (map[string][]byte, error) {
	attrs, err := f.readXattrs(n)
	if err != nil {
		return nil, fmt.Errorf("erofs: node %d: extended attributes: %w", n, err)
	}
	return attrs, nil
}

// readXattrs reads the attributes that are with the inode, and those that it shares with others.
func (f *FS) readXattrs(n filesys.Node) (map[string][]byte, error) {
	i, err := f.readInode(n)
	if err != nil || i.xattr == 0 {
		return nil, err
	}
	b, err := i.space.bytes(i.end-i.xattr, int(i.xattr))
	if err != nil {
		return nil, err
	}
	c := binread.Little(b)
	c.Skip(4) // a filter, by which Linux is faster to say that there is none
	shared := int(c.U8())
	c.Skip(7)
	numbers := binread.Little(c.Bytes(shared * 4))
	if err := c.Err(); err != nil {
		return nil, fmt.Errorf("%d that are shared: %w", shared, err)
	}
	l := xattrList{fs: f, attrs: map[string][]byte{}}
	for range shared {
		if err := l.addShared(numbers.U32()); err != nil {
			return nil, err
		}
	}
	for c.Len() >= xattrEntry {
		if err := l.addInline(&c); err != nil {
			return nil, err
		}
	}
	if len(l.attrs) == 0 {
		return nil, nil
	}
	return l.attrs, nil
}

const xattrEntry = 4 // bytes in front of a name and a value

// xattrList collects attributes.
type xattrList struct {
	fs    *FS
	attrs map[string][]byte
	total int
}

// addInline decodes an attribute that is with the inode. An entry without a name is where they end.
func (l *xattrList) addInline(c *binread.Cursor) error {
	nameLen, prefix, valueLen := int(c.U8()), c.U8(), int(c.U16())
	if prefix == 0 && nameLen == 0 && valueLen == 0 {
		c.Skip(c.Len())
		return nil
	}
	name, value := c.Bytes(nameLen), c.Bytes(valueLen)
	if err := c.Err(); err != nil {
		return err
	}
	c.Skip(min(c.Len(), -(nameLen+valueLen)&3))
	return l.add(prefix, name, value)
}

// addShared reads an attribute that others have too.
func (l *xattrList) addShared(number uint32) error {
	s := &l.fs.main
	if l.fs.super.compat&hasSharedInBox != 0 {
		if l.fs.box.err != nil {
			return l.fs.box.err
		}
		s = &l.fs.box.value
	}
	off := l.fs.super.xattrOff + int64(number)*4
	head, err := s.cursor(off, xattrEntry)
	if err != nil {
		return err
	}
	nameLen, prefix, valueLen := int(head.U8()), head.U8(), int(head.U16())
	b, err := s.bytes(off+xattrEntry, nameLen+valueLen)
	if err != nil {
		return err
	}
	return l.add(prefix, b[:nameLen], b[nameLen:])
}

func (l *xattrList) add(prefix uint8, name, value []byte) error {
	full, err := l.fs.prefix(prefix)
	if err != nil {
		return err
	}
	full += string(name)
	if l.total += len(full) + len(value); l.total > maxXattrBytes {
		return binread.Limit("more than %d bytes", maxXattrBytes)
	}
	if old, known := l.attrs[full]; known && !bytes.Equal(old, value) { // mkfs.erofs is known to write one of overlayfs twice
		return binread.Corrupt("two named %q", full)
	}
	l.attrs[full] = append([]byte{}, value...)
	return nil
}

func (f *FS) prefix(number uint8) (string, error) {
	if number&longPrefix == 0 {
		if number == 0 || int(number) >= len(prefixNames) {
			return "", binread.Unsupported("a name that begins with number %d, want 1 to %d", number, len(prefixNames)-1)
		}
		return prefixNames[number], nil
	}
	prefixes, err := f.prefixes.get()
	if err != nil {
		return "", fmt.Errorf("long prefixes: %w", err)
	}
	if number &^= longPrefix; int(number) >= len(prefixes) {
		return "", binread.Corrupt("a name that begins with long prefix %d of %d", number, len(prefixes))
	}
	return prefixes[number], nil
}
