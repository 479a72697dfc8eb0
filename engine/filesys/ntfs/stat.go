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

	maxReparse     = 16 << 10
	maxStreamValue = 64 << 10 // of a named stream; the kernel has no longer attributes
	maxValues      = 4 << 20  // of all of a file

	attributeEncrypted = 0x4000
)

func (n *node) isDir() bool { return n.record.flags&flagDir != 0 }

// reparsePoint is what Windows does instead of opening a file.
type reparsePoint struct {
	tag    uint32
	target string
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
	data := binread.Little(c.At(8).Bytes(c.Len()))
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

// Xattrs returns the named streams.
func (f *FS) Xattrs(n filesys.Node) (map[string][]byte, error) {
	of, err := f.readNode(n)
	if err != nil {
		return nil, err
	}
	var attrs map[string][]byte
	var problems binread.Errors
	total := 0
	for _, a := range of.attrs {
		if a.kind != typeData || a.name == "" || a.first != 0 {
			continue
		}
		value, err := f.readAll(of.stream(typeData, a.name), maxStreamValue)
		if err != nil {
			problems.Add(fmt.Errorf("ntfs: node %d: stream %q: %w", n, a.name, err))
			continue
		}
		if total += len(value); total > maxValues {
			problems.Add(fmt.Errorf("ntfs: node %d: %w", n, binread.Limit("streams of more than %d bytes", maxValues)))
			break
		}
		if attrs == nil {
			attrs = map[string][]byte{}
		}
		attrs["user."+a.name] = append([]byte{}, value...)
	}
	return attrs, problems.Err()
}
