package squashfs

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	xattrElsewhere = 1 << 8 // flag of a type: the value is where the value says

	maxXattrs     = 1 << 16 // of a node
	maxXattrName  = 255     // bytes, without the prefix
	maxXattrValue = 64 << 10
	maxXattrBytes = 4 << 20 // of all values of a node
)

// prefixes are what the names of attributes begin with, by type.
var prefixes = [...]string{"user.", "trusted.", "security."}

// Xattrs returns the extended attributes of a node.
func (f *FS) Xattrs(n filesys.Node) (map[string][]byte, error) {
	attrs, err := f.readXattrs(n)
	if err != nil {
		return nil, fmt.Errorf("squashfs: node %d: extended attributes: %w", n, err)
	}
	return attrs, nil
}

func (f *FS) readXattrs(n filesys.Node) (map[string][]byte, error) {
	i, err := f.readInode(n)
	if err != nil {
		return nil, err
	}
	if i.kind == kindSymlink && i.long {
		if _, err := i.rest.next(int(i.size)); err != nil {
			return nil, err
		}
		if err := i.decodeXattr(); err != nil {
			return nil, err
		}
	}
	if i.xattr == none32 {
		return nil, nil
	}
	c, err := f.entryOf(f.xattrs, i.xattr)
	if err != nil {
		return nil, err
	}
	reference, count := c.U64(), c.U32()
	if count > maxXattrs {
		return nil, binread.Limit("%d of them, want at most %d", count, maxXattrs)
	}
	s, err := f.xattrStream(reference)
	if err != nil {
		return nil, err
	}
	return f.readPairs(s, count)
}

func (f *FS) xattrStream(reference uint64) (*stream, error) {
	return f.newStream(f.xattrData, int64(f.super.xattrTable), reference>>16, int(reference&0xffff))
}

// readPairs reads names and values.
func (f *FS) readPairs(s *stream, count uint32) (map[string][]byte, error) {
	attrs := map[string][]byte{}
	total := 0
	for range count {
		name, elsewhere, err := readXattrName(s)
		if err != nil {
			return nil, err
		}
		value, err := f.readXattrValue(s, elsewhere)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		if total += len(name) + len(value); total > maxXattrBytes {
			return nil, binread.Limit("more than %d bytes", maxXattrBytes)
		}
		if _, known := attrs[name]; known {
			return nil, binread.Corrupt("two named %q", name)
		}
		attrs[name] = value
	}
	return attrs, nil
}

func readXattrName(s *stream) (name string, elsewhere bool, err error) {
	c, err := s.cursor(4)
	if err != nil {
		return "", false, err
	}
	kind, n := c.U16(), int(c.U16())
	prefix := int(kind &^ xattrElsewhere)
	switch {
	case prefix >= len(prefixes):
		return "", false, binread.Unsupported("one of type %#x, want 0 to %d", kind, len(prefixes)-1)
	case n == 0 || n > maxXattrName:
		return "", false, binread.Corrupt("a name of %d bytes, want 1 to %d", n, maxXattrName)
	}
	b, err := s.next(n)
	return prefixes[prefix] + string(b), kind&xattrElsewhere != 0, err
}

// readXattrValue reads a value, or where it is and the value there.
func (f *FS) readXattrValue(s *stream, elsewhere bool) ([]byte, error) {
	b, err := readSized(s)
	if err != nil || !elsewhere {
		return b, err
	}
	c := binread.Little(b)
	reference := c.U64()
	if c.Err() != nil || c.Len() > 0 {
		return nil, binread.Corrupt("the place of a value in %d bytes, want 8", len(b))
	}
	if s, err = f.xattrStream(reference); err != nil {
		return nil, err
	}
	return readSized(s)
}

// readSized reads a number of bytes and then those. They are the caller's.
func readSized(s *stream) ([]byte, error) {
	c, err := s.cursor(4)
	if err != nil {
		return nil, err
	}
	n := c.U32()
	if n > maxXattrValue {
		return nil, binread.Limit("a value of %d bytes, want at most %d", n, maxXattrValue)
	}
	b, err := s.next(int(n))
	return append([]byte{}, b...), err
}
