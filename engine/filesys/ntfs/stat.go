package ntfs

import (
	"fmt"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	permissions = 0o777 // as ntfs-3g shows everything

	tagJunction = 0xa0000003
	tagSymlink  = 0xa000000c
	tagWSLLink  = 0xa000001d

	maxReparse = 16 << 10

	attributeEncrypted = 0x4000
)

func (n *node) isDir() bool { return n.record.flags&flagDir != 0 }

// reparsePoint is what Windows does instead of opening a file.
type reparsePoint struct {
	tag    uint32
	target string // of a link
	data   []byte // behind the header
}

func (p *reparsePoint) isLink() bool {
	return p != nil && (p.tag == tagJunction || p.tag == tagSymlink || p.tag == tagWSLLink)
}

// reparse returns the reparse point of a file, or nil.
func (f *FS) reparse(of *node) (*reparsePoint, error) {
	s := of.stream(typeReparse, "")
	if s == nil {
		return nil, nil //nolint:nilnil // most files have none
	}
	raw, err := f.readAll(s, maxReparse+8)
	if err != nil {
		return nil, fmt.Errorf("reparse data: %w", err)
	}
	c := binread.Little(raw)
	p := &reparsePoint{tag: c.U32()}
	p.data = c.At(8).Bytes(c.Len())
	data := binread.Little(p.data)
	switch p.tag {
	case tagJunction, tagSymlink:
		at, length := int(data.U16()), int(data.U16())
		names, relative := 8, false
		if p.tag == tagSymlink {
			names, relative = 12, data.At(8).U32()&1 != 0
		}
		p.target = utf16At(data.At(names+at), length/2)
		if relative {
			p.target = strings.ReplaceAll(p.target, `\`, "/")
		}
	case tagWSLLink:
		data.Skip(4)
		p.target = string(data.Bytes(data.Len()))
	}
	if c.Err() != nil || data.Err() != nil || p.isLink() && p.target == "" {
		return nil, binread.Corrupt("reparse data of %d bytes with tag %#x", len(raw), p.tag)
	}
	return p, nil
}

// keeper says who has the content of a file that is no link ([MS-FSCC] 2.1.2.1).
func (p *reparsePoint) keeper() string {
	const cloudVersion = 0xf000
	name := "by a driver that is not known"
	switch tag := p.tag; {
	case tag == 0x80000013:
		name = "in the store of data deduplication"
	case tag&^cloudVersion == 0x9000001a, tag == 0x80000021:
		name = "in a cloud, as with OneDrive"
	case tag == 0xc0000004, tag == 0x80000006:
		name = "in hierarchical storage"
	case tag == 0x80000018, tag&^cloudVersion == 0x90000018:
		name = "in a layer of a container"
	case tag == 0x8000001b:
		name = "in an application of the store"
	case tag&^cloudVersion == 0x9000001c:
		name = "by a projected file system"
	case tag == 0x80000023, tag == 0x80000024, tag == 0x80000025, tag == 0x80000026:
		name = "it is a socket, pipe or device of WSL"
	}
	return fmt.Sprintf("%s (reparse tag %#x)", name, p.tag)
}

// ReadLink returns the target of a link.
func (f *FS) ReadLink(n filesys.Node) (string, error) {
	of, err := f.readNode(n)
	if err != nil {
		return "", err
	}
	point, err := f.reparse(of)
	if err == nil && !point.isLink() {
		err = binread.Unsupported("not a link")
	}
	if err != nil {
		return "", fmt.Errorf("ntfs: node %d: %w", n, err)
	}
	return point.target, nil
}

// Stat describes a node.
func (f *FS) Stat(n filesys.Node) (filesys.Stat, error) {
	of, err := f.readNode(n)
	if err != nil {
		return filesys.Stat{}, err
	}
	st := filesys.Stat{Node: n, Mode: permissions | filesys.ModeRegular, Generation: uint32(of.record.sequence)}
	point, err := f.reparse(of)
	switch {
	case err != nil:
		return filesys.Stat{}, fmt.Errorf("ntfs: node %d: %w", n, err)
	case point.isLink():
		st.Mode = permissions | filesys.ModeSymlink
		st.Size = int64(len(point.target))
	case of.isDir():
		st.Mode = permissions | filesys.ModeDir
		if s := of.stream(typeIndexAlloc, indexName); s != nil {
			st.Size, st.Allocated = s.length(), s.alloc
		}
	default:
		if s := of.stream(typeData, ""); s != nil {
			st.Size, st.Allocated = s.length(), s.alloc
		}
		if s := of.stream(typeData, wofStream); s != nil && point != nil && point.tag == tagWOF {
			st.Allocated = s.alloc
		}
	}
	st.Links = of.links()
	if err := of.standard(&st); err != nil {
		return filesys.Stat{}, fmt.Errorf("ntfs: node %d: %w", n, err)
	}
	return st, nil
}

// links counts names; a short one is no name of its own.
func (n *node) links() (count uint32) {
	if n.isDir() {
		return 1
	}
	for _, a := range n.attrs {
		if a.kind == typeName && a.resident && (len(a.value) < 0x42 || a.value[0x41] != spaceDOS) {
			count++
		}
	}
	return count
}

// standard reads times and attributes.
func (n *node) standard(st *filesys.Stat) error {
	s := n.stream(typeStandard, "")
	if s == nil {
		return binread.Corrupt("no times: $STANDARD_INFORMATION is missing")
	}
	c := binread.Little(s.value)
	st.Birth, st.Modify, st.Change, st.Access = instant(c.U64()), instant(c.U64()), instant(c.U64()), instant(c.U64())
	attributes := c.U32()
	data := n.stream(typeData, "")
	if attributes&attributeEncrypted != 0 || data != nil && data.flags&attrEncrypted != 0 {
		st.Flags = append(st.Flags, "encrypted")
	}
	return c.Err()
}

// instant turns 100 ns since 1601 into a time.
func instant(t uint64) time.Time {
	const perSecond, to1970 = 10_000_000, 11_644_473_600
	seconds, rest := int64(t)/perSecond, int64(t)%perSecond
	return time.Unix(seconds-to1970, rest*100).UTC()
}
