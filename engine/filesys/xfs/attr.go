package xfs

import (
	"bytes"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	attrLocal      = 0x01
	attrRoot       = 0x02
	attrSecure     = 0x04
	attrParent     = 0x08 // a parent pointer: the file system's own
	attrIncomplete = 0x80

	maxAttrValue = 64 << 10
	maxAttrTotal = 8 << 20
	maxAttrs     = 1 << 16

	aclAccess  = "SGI_ACL_FILE"
	aclDefault = "SGI_ACL_DEFAULT"
)

// attribute is one of them, with its value or the place of that.
type attribute struct {
	flags uint8
	name  []byte
	value []byte
	block uint64 // of a remote value
	size  uint32 // of a remote value
}

func (a *attribute) fullName() string {
	switch {
	case a.flags&attrRoot != 0:
		return "trusted." + string(a.name)
	case a.flags&attrSecure != 0:
		return "security." + string(a.name)
	}
	return "user." + string(a.name)
}

// Xattrs returns the extended attributes of an inode.
func (f *FS) Xattrs(n filesys.Node) (map[string][]byte, error) {
	in, err := f.readInode(n)
	if in.raw == nil {
		return nil, inodeError(n, err)
	}
	r := attrReader{fs: f, in: &in}
	r.bad.Add(err)
	r.read()
	if err := r.bad.Err(); err != nil {
		return r.attrs, inodeError(n, err)
	}
	return r.attrs, nil
}

// attrReader collects the attributes of an inode. Damage to one is no reason to lose the others.
type attrReader struct {
	fs     *FS
	in     *inode
	blocks *blockMap
	seen   map[uint64]struct{} // blocks of the tree
	attrs  map[string][]byte
	total  int
	bad    binread.Errors
}

func (r *attrReader) read() {
	switch k := &r.in.attrs; {
	case len(k.b) == 0:
	case k.form == formLocal:
		r.bad.Add(r.short())
	case k.form == formExtents && k.extents == 0:
	default:
		r.bad.Add(r.tree())
	}
}

// short reads what stands in the inode.
func (r *attrReader) short() error {
	c := binread.Big(r.in.attrs.b)
	total, count := int(c.U16()), int(c.U8())
	if c.Err() != nil || total > len(r.in.attrs.b) || total < 4 {
		return binread.Corrupt("attributes of %d bytes, want them inside of %d", total, len(r.in.attrs.b))
	}
	c = binread.Big(r.in.attrs.b[4:total])
	for i := range count {
		nameLength, valueLength := int(c.U8()), int(c.U8())
		a := attribute{flags: c.U8(), name: c.Bytes(nameLength), value: c.Bytes(valueLength)}
		if c.Err() != nil {
			return binread.Corrupt("attribute %d of %d ends behind its %d bytes", i, count, total)
		}
		r.add(&a)
	}
	return nil
}

// add keeps an attribute under its name, and an ACL also under the name that programs ask for.
func (r *attrReader) add(a *attribute) {
	if a.flags&attrParent != 0 {
		return
	}
	name := a.fullName()
	value := bytes.Clone(a.value)
	if a.block != 0 {
		var err error
		if value, err = r.remote(a); err != nil {
			r.bad.Add(fmt.Errorf("attribute %q: %w", name, err))
			return
		}
	}
	if r.total += len(name) + len(value); r.total > maxAttrTotal || len(r.attrs) >= maxAttrs {
		r.bad.Add(binread.Limit("attributes of more than %d bytes", maxAttrTotal))
		return
	}
	if r.attrs == nil {
		r.attrs = map[string][]byte{}
	}
	if value == nil {
		value = []byte{}
	}
	if _, again := r.attrs[name]; again {
		r.bad.Add(binread.Corrupt("two attributes named %q", name))
		return
	}
	r.attrs[name] = value
	kind := map[string]string{"trusted." + aclAccess: "system.posix_acl_access", "trusted." + aclDefault: "system.posix_acl_default"}[name]
	if kind == "" {
		return
	}
	acl, err := decodeACL(value)
	if err != nil {
		r.bad.Add(fmt.Errorf("attribute %q: %w", name, err))
		return
	}
	r.attrs[kind] = acl
}

// remote reads a value that stands in blocks of its own: in version 5 each has a header.
func (r *attrReader) remote(a *attribute) ([]byte, error) {
	if a.size == 0 || a.size > maxAttrValue {
		return nil, binread.Corrupt("a value of %d bytes, want 1 to %d", a.size, maxAttrValue)
	}
	b := make([]byte, 0, a.size)
	for logical := a.block; len(b) < int(a.size); logical++ {
		at, err := r.blocks.run(logical)
		if err != nil {
			return nil, err
		}
		if at.hole {
			return nil, binread.Corrupt("the value of %d bytes ends after %d", a.size, len(b))
		}
		piece, err := r.fs.readBlocks(at.start, 1)
		if err != nil {
			return nil, err
		}
		if piece, err = r.valuePiece(piece, at.start, len(b), int(a.size)); err != nil {
			return nil, fmt.Errorf("block %#x: %w", at.start, err)
		}
		b = append(b, piece...)
	}
	return b, nil
}

func (r *attrReader) valuePiece(b []byte, block uint64, done, size int) ([]byte, error) {
	if !r.fs.super.v5() {
		return b[:min(len(b), size-done)], nil
	}
	const valueMagic = 0x5841524d // "XARM"
	c := binread.Big(b)
	magic, off, n := c.U32(), c.U32(), c.U32()
	if magic != valueMagic {
		return nil, binread.Corrupt("magic %#x, want %#x", magic, valueMagic)
	}
	if err := r.fs.verify(b, valuePlace(), block, r.in.number); err != nil {
		return nil, err
	}
	if int64(off) != int64(done) || int64(n) != int64(min(len(b)-valueHeader, size-done)) {
		return nil, binread.Corrupt("%d bytes at %d, want them at %d of %d", n, off, done, size)
	}
	return b[valueHeader : valueHeader+n], nil
}

// decodeACL turns the ACL form of XFS into the one that getxattr gives.
func decodeACL(b []byte) ([]byte, error) {
	const entrySize, noID, user, group = 12, 0xffffffff, 0x02, 0x08
	c := binread.Big(b)
	count := int64(c.U32())
	if c.Err() != nil || count != int64(c.Len())/entrySize || c.Len()%entrySize != 0 {
		return nil, binread.Corrupt("ACL of %d entries in %d bytes", count, len(b))
	}
	out := append(make([]byte, 0, 4+count*8), 2, 0, 0, 0)
	for range count {
		tag, id, permissions := c.U32(), c.U32(), c.U16()
		c.Skip(2)
		if tag != user && tag != group {
			id = noID
		}
		out = append(out, byte(tag), byte(tag>>8), byte(permissions), byte(permissions>>8), byte(id), byte(id>>8), byte(id>>16), byte(id>>24))
	}
	return out, nil
}
