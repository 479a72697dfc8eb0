package ntfs

import (
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const maxListBytes = 256 << 10 // of an attribute list, as Windows has it

// node is a file with all its attributes, from wherever they are.
type node struct {
	number uint64
	record *record
	attrs  []attribute
	// extensions are the numbers of further records that its list of attributes names.
	extensions []uint64
}

// readRecord reads a record of $MFT.
func (f *FS) readRecord(number uint64) (*record, error) {
	if number >= uint64(f.mft.Size()/f.boot.recordSize) {
		return nil, binread.Corrupt("record %d, want it before %d", number, f.mft.Size()/f.boot.recordSize)
	}
	raw := make([]byte, f.boot.recordSize)
	if n, err := f.mft.ReadAt(raw, int64(number)*f.boot.recordSize); n < len(raw) {
		return nil, fmt.Errorf("record %d: %w", number, err)
	}
	return decodeRecord(raw, number)
}

// readNode reads a file by the number of its record. Record 0 is the table itself, and no node.
func (f *FS) readNode(n filesys.Node) (*node, error) {
	if n == 0 || n > 1<<48 {
		return nil, fmt.Errorf("ntfs: %w", binread.Corrupt("node %d, want the number of a record", n))
	}
	rec, err := f.readRecord(uint64(n))
	if err != nil {
		return nil, fmt.Errorf("ntfs: %w", err)
	}
	if rec.flags&flagInUse == 0 || rec.base != 0 {
		return nil, fmt.Errorf("ntfs: %w", binread.Corrupt("record %d is not that of a file", n))
	}
	of, err := f.complete(rec, uint64(n))
	if err != nil {
		return nil, fmt.Errorf("ntfs: %w", err)
	}
	return of, nil
}

// complete collects the attributes of a file: those of its record, or where there is a list, those that it names.
func (f *FS) complete(rec *record, number uint64) (*node, error) {
	of := &node{number: number, record: rec, attrs: rec.attrs}
	list := of.stream(typeList, "")
	if list == nil {
		return of, nil
	}
	raw, err := f.readAll(list, maxListBytes)
	if err != nil {
		return nil, binread.Corrupt("record %d: attribute list: %w", number, err)
	}
	records := map[uint64]*record{number: rec}
	type place struct {
		record uint64
		index  int
	}
	seen := map[place]bool{}
	of.attrs = nil
	for len(raw) > 0 {
		c := binread.Little(raw)
		kind, length, nameLength, nameAt := c.U32(), int(c.U16()), int(c.U8()), int(c.U8())
		first, ref, id := int64(c.U64()), reference(c.U64()), c.U16()
		name := utf16At(c.At(nameAt), nameLength)
		if length < 24 || length > len(raw) || c.Err() != nil {
			return nil, binread.Corrupt("record %d: attribute list: an entry of %d bytes", number, length)
		}
		raw = raw[length:]
		from, err := f.extension(records, rec, number, ref)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(from.attrs, func(a attribute) bool {
			return a.kind == kind && a.id == id && a.name == name && a.first == first
		})
		if i < 0 || seen[place{ref.number(), i}] {
			return nil, binread.Corrupt("record %d: attribute list: attribute %#x is not once in record %d", number, kind, ref.number())
		}
		seen[place{ref.number(), i}] = true
		of.attrs = append(of.attrs, from.attrs[i])
	}
	for number := range records {
		if number != of.number {
			of.extensions = append(of.extensions, number)
		}
	}
	return of, nil
}

// extension reads a record that an attribute list names.
func (f *FS) extension(known map[uint64]*record, base *record, number uint64, ref reference) (*record, error) {
	from := known[ref.number()]
	if from == nil {
		var err error
		if from, err = f.readRecord(ref.number()); err != nil {
			return nil, err
		}
		if from.flags&flagInUse == 0 || from.base.number() != number || from.base.sequence() != base.sequence {
			return nil, binread.Corrupt("record %d does not belong to %d, whose attribute list names it", ref.number(), number)
		}
		known[ref.number()] = from
	}
	if from.sequence != ref.sequence() {
		return nil, binread.Corrupt("record %d is another than the attribute list of %d names", ref.number(), number)
	}
	return from, nil
}

// stream is an attribute with all its pieces.
type stream struct {
	attribute             // the first piece
	pieces    []attribute // in order
	number    uint64      // of its record
}

// stream returns an attribute by its type and name, or nil.
func (n *node) stream(kind uint32, name string) *stream {
	s := stream{number: n.number}
	for _, a := range n.attrs {
		if a.kind == kind && a.name == name {
			s.pieces = append(s.pieces, a)
		}
	}
	if len(s.pieces) == 0 {
		return nil
	}
	slices.SortStableFunc(s.pieces, func(a, b attribute) int { return int(min(1, max(-1, a.first-b.first))) })
	s.attribute = s.pieces[0]
	return &s
}

// length is the size of the content in bytes.
func (s *stream) length() int64 {
	if s.resident {
		return int64(len(s.value))
	}
	return s.size
}

// readAll reads a stream whole.
func (f *FS) readAll(s *stream, limit int64) ([]byte, error) {
	if s.resident {
		return s.value, nil
	}
	if s.size > limit {
		return nil, binread.Limit("%d bytes, want at most %d", s.size, limit)
	}
	c, err := f.open(s)
	if err != nil {
		return nil, err
	}
	b := make([]byte, s.size)
	if n, err := c.ReadAt(b, 0); n < len(b) {
		return nil, binread.Corrupt("%d of %d bytes: %w", n, len(b), err)
	}
	return b, nil
}
