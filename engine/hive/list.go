package hive

import "github.com/guestctl/guestctl/engine/binread"

// entry is an entry in a list of subkeys.
type entry struct {
	off    uint32
	hash   uint32
	hashed bool // the list has hashes
}

// entries returns the list of subkeys. With an error come those that could be read.
func (k Key) entries() ([]entry, error) {
	if k.keys == 0 {
		return nil, nil
	}
	if k.keys > maxKeys {
		return nil, binread.Limit("key at %#x: %d subkeys, want at most %d", k.off, k.keys, maxKeys)
	}
	l := lists{hive: k.hive, left: int(k.keys), seen: map[uint32]bool{}}
	l.add(k.list, true)
	if l.left != 0 && l.wrong.Err() == nil {
		l.wrong.Add(binread.Corrupt("key at %#x: %d subkeys, its list has %d", k.off, k.keys, len(l.found)))
	}
	return l.found, l.wrong.Err()
}

// lists reads a list of subkeys, or a list of such lists.
type lists struct {
	hive  *Hive
	left  int             // entries that may still come
	seen  map[uint32]bool // cells that were in a list: none is in two, so that who walks a hive comes to each key once
	found []entry
	wrong binread.Errors
}

// add reads the list in the cell at off. Only the first may be one of lists.
func (l *lists) add(off uint32, first bool) {
	kind, b, err := l.read(off)
	if err != nil {
		l.wrong.Add(err)
		return
	}
	if kind == "ri" && !first {
		l.wrong.Add(binread.Corrupt("list at %#x: a list of lists inside of another", off))
		return
	}
	for c := binread.Little(b); c.Len() > 0; {
		e := entry{off: c.U32()}
		if kind == "lf" || kind == "lh" {
			e.hash, e.hashed = c.U32(), kind == "lh"
		}
		switch {
		case kind == "ri":
			l.add(e.off, false)
		case l.left == 0:
			l.wrong.Add(binread.Corrupt("list at %#x: more entries than its key has subkeys", off))
			return
		case l.seen[e.off]:
			l.wrong.Add(binread.Corrupt("list at %#x: the key at %#x is in it twice", off, e.off))
		default:
			l.left--
			l.seen[e.off] = true
			l.found = append(l.found, e)
		}
	}
}

// read returns the kind of a list and its entries.
func (l *lists) read(off uint32) (kind string, b []byte, err error) {
	if l.seen[off] {
		return "", nil, binread.Corrupt("list at %#x: is in its list of lists twice", off)
	}
	l.seen[off] = true
	c, err := l.hive.cell(off)
	if err != nil {
		return "", nil, err
	}
	if b, err = l.hive.content(c, 0, 4, 4); err != nil {
		return "", nil, err
	}
	d := binread.Little(b)
	kind = string(d.Bytes(2))
	size, ok := map[string]int64{"li": 4, "lf": 8, "lh": 8, "ri": 4}[kind]
	if !ok {
		return "", nil, binread.Corrupt("cell at %#x: signature %q, want a list of subkeys", off, kind)
	}
	n := int64(d.U16()) * size
	b, err = l.hive.content(c, 4, n, n)
	return kind, b, err
}
