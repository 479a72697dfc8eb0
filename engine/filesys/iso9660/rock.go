package iso9660

import (
	"fmt"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxContinuations = 32 // of one record, as in Linux
	maxName          = 255
	xaSize           = 14 // bytes of CD-ROM XA in front of what is Rock Ridge's
	fieldHeader      = 4  // bytes: signature, length, version

	goesOn = 1 // in the flags of NM and SL, and of a component

	timeCreated  = 1 << 0 // TF: the times there are, in this order
	timeModified = 1 << 1
	timeAccessed = 1 << 2
	timeChanged  = 1 << 3
	timeKinds    = 7
	timeLong     = 1 << 7
)

// rockRidge says how a tree uses Rock Ridge.
type rockRidge struct {
	used     bool
	skip     int   // bytes of each system use field that are not its own
	root     int64 // place of the first record of the root directory, which has a number of its own
	rootSkip int
}

// attributes is what Rock Ridge says of a file.
type attributes struct {
	posix          bool // PX
	mode, links    uint32
	uid, gid       uint32
	device         bool // PN
	high, low      uint32
	name           []byte
	named          bool
	target         []byte
	link           bool // SL
	created        time.Time
	modified       time.Time
	accessed       time.Time
	changed        time.Time
	relocated      bool   // RE: shown elsewhere
	child          uint32 // CL: block of the directory that is to be shown here
	moved          bool
	compressed     bool // ZF
	compressedFrom uint32
	sparse         bool // SF

	afterRoot                     bool // the last component was "/"
	targetGoesOn, componentGoesOn bool
}

// findRockRidge looks for the field SP in the first record of the root directory.
func (f *FS) findRockRidge(root *record) (bool, error) {
	for _, skip := range []int{0, xaSize} {
		if len(root.system) < skip+7 {
			continue
		}
		b := root.system[skip:]
		if string(b[:2]) == "SP" && b[2] == 7 && b[4] == 0xbe && b[5] == 0xef {
			f.rock = rockRidge{used: true, skip: int(b[6]), root: root.off, rootSkip: skip}
			if _, err := f.attributesOf(root); err != nil {
				return true, fmt.Errorf("root directory: %w", err)
			}
			return true, nil
		}
	}
	return false, nil
}

// attributesOf decodes what Rock Ridge says in a record.
func (f *FS) attributesOf(r *record) (a attributes, err error) {
	if !f.rock.used {
		return a, nil
	}
	skip := f.rock.skip
	if r.off == f.rock.root {
		skip = f.rock.rootSkip
	}
	area := r.system[min(skip, len(r.system)):]
	for range 1 + maxContinuations {
		next, err := a.takeArea(area)
		switch {
		case err != nil:
			return a, fmt.Errorf("record at %#x: Rock Ridge: %w", r.off, err)
		case next == nil:
			return a, nil
		}
		if area, err = f.continuation(next); err != nil {
			return a, fmt.Errorf("record at %#x: Rock Ridge: continuation: %w", r.off, err)
		}
	}
	return a, binread.Limit("record at %#x: Rock Ridge: more than %d continuations", r.off, maxContinuations)
}

// continuation reads the area that a field CE names (SUSP, 5.1).
func (f *FS) continuation(field []byte) ([]byte, error) {
	c := binread.Little(field)
	number, off, n := c.At(4).U32(), c.At(12).U32(), c.At(20).U32()
	if err := c.Err(); err != nil {
		return nil, err
	}
	if off > blockSize || n > blockSize-off {
		return nil, binread.Corrupt("%d bytes at %d of a block, want them in it", n, off)
	}
	b, err := f.block(number)
	if err != nil {
		return nil, err
	}
	return b[off : off+n : off+n], nil
}

// takeArea decodes the fields of an area. It returns the one that says where they go on.
func (a *attributes) takeArea(b []byte) (next []byte, err error) {
	for len(b) >= fieldHeader && b[0] != 0 {
		n := int(b[2])
		if n < fieldHeader || n > len(b) {
			return nil, binread.Corrupt("field %q of %d bytes, want %d to %d", b[:2], n, fieldHeader, len(b))
		}
		field := b[:n:n]
		b = b[n:]
		switch string(field[:2]) {
		case "CE":
			next = field
		case "ST":
			return next, nil
		default:
			if err := a.take(field); err != nil {
				return nil, fmt.Errorf("field %q: %w", field[:2], err)
			}
		}
	}
	return next, nil
}

// take decodes one field.
func (a *attributes) take(field []byte) error {
	c := binread.Little(field)
	switch string(field[:2]) {
	case "PX":
		a.posix = true
		a.mode, a.links, a.uid, a.gid = c.At(4).U32(), c.At(12).U32(), c.At(20).U32(), c.At(28).U32()
	case "PN":
		a.device, a.high, a.low = true, c.At(4).U32(), c.At(12).U32()
	case "NM":
		return a.takeName(field)
	case "SL":
		return a.takeTarget(field)
	case "TF":
		return a.takeTimes(field)
	case "RE":
		a.relocated = true
	case "CL":
		a.moved, a.child = true, c.At(4).U32()
	case "ZF":
		a.compressed, a.compressedFrom = true, c.At(8).U32()
	case "SF":
		a.sparse = true
	}
	return c.Err()
}

// takeName adds a piece of the name.
func (a *attributes) takeName(field []byte) error {
	c := binread.Little(field)
	flags := c.At(4).U8()
	piece := c.Bytes(c.Len())
	switch {
	case c.Err() != nil:
		return c.Err()
	case flags&^goesOn != 0: // "." and "..", and the name of the host that nothing uses
		return nil
	case len(piece) > maxName-len(a.name):
		return binread.Corrupt("name of %d bytes, want at most %d", len(a.name)+len(piece), maxName)
	}
	a.named = true
	a.name = append(a.name, piece...)
	return nil
}

// takeTarget adds a piece of the target of a link: components, of which one can go on in the next, and the last in the next field.
func (a *attributes) takeTarget(field []byte) error {
	c := binread.Little(field)
	flags := c.At(4).U8()
	for c.Len() > 0 {
		kind, n := c.U8(), int(c.U8())
		text := c.Bytes(n)
		if c.Err() != nil {
			return c.Err()
		}
		if a.link && !a.componentGoesOn && !a.afterRoot {
			a.target = append(a.target, '/')
		}
		a.link, a.afterRoot = true, kind&^goesOn == 8
		a.componentGoesOn = kind&goesOn != 0
		switch kind &^ goesOn {
		case 0:
			a.target = append(a.target, text...)
		case 2:
			a.target = append(a.target, '.')
		case 4:
			a.target = append(a.target, ".."...)
		case 8:
			a.target = append(a.target, '/')
		default:
			return binread.Unsupported("component with flags %#x", kind)
		}
	}
	a.targetGoesOn = flags&goesOn != 0
	return c.Err()
}

// takeTimes decodes the times that there are.
func (a *attributes) takeTimes(field []byte) error {
	c := binread.Little(field)
	flags := c.At(4).U8()
	n, decode := 7, decodeTime
	if flags&timeLong != 0 {
		n, decode = 17, decodeLongTime
	}
	for i := range timeKinds {
		kind := uint8(1) << i
		if flags&kind == 0 {
			continue
		}
		b := c.Bytes(n)
		if b == nil {
			return c.Err()
		}
		switch t := decode(b); kind {
		case timeCreated:
			a.created = t
		case timeModified:
			a.modified = t
		case timeAccessed:
			a.accessed = t
		case timeChanged:
			a.changed = t
		}
	}
	return c.Err()
}
