package hive

import (
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxDepth = 512     // keys below each other, as Windows has it
	maxKeys  = 1 << 20 // subkeys of a key
	maxName  = 1024    // bytes of the name of a key; Windows has 255 characters
	maxClass = 1 << 16 // bytes of a class name

	nodeSize = 76 // bytes of a key node before its name

	namedInLatin1 = 0x0020 // KEY_COMP_NAME
	predefined    = 0x0040 // KEY_PREDEF_HANDLE: what would be the number of values is a handle
	nowhere       = ^uint32(0)
)

// Key is a key of a hive.
type Key struct {
	hive    *Hive
	off     uint32
	depth   int
	name    string
	written time.Time
	flags   uint16
	parent  uint32
	keys    uint32 // number of subkeys
	list    uint32 // of subkeys
	values  uint32 // number of values
	data    uint32 // list of values
	class   uint32 // cell of the class name
	classN  uint16 // bytes of it
}

// node decodes the key node in the cell at off.
func (h *Hive) node(off uint32) (Key, error) {
	c, err := h.cell(off)
	if err != nil {
		return Key{}, err
	}
	b, err := h.content(c, 0, nodeSize, nodeSize)
	if err != nil {
		return Key{}, err
	}
	d := binread.Little(b)
	if string(d.Bytes(2)) != "nk" {
		return Key{}, binread.Corrupt("cell at %#x: signature %q, want \"nk\"", off, b[:2])
	}
	k := Key{hive: h, off: off, flags: d.U16(), written: filetime(d.U64())}
	k.parent, k.keys = d.At(16).U32(), d.U32()
	k.list = d.At(28).U32()
	k.values, k.data = d.At(36).U32(), d.U32()
	k.class = d.At(48).U32()
	length := d.At(72).U16()
	k.classN = d.U16()
	if k.flags&predefined != 0 {
		k.values = 0
	}
	raw, err := h.content(c, nodeSize, int64(length), maxName)
	if err != nil {
		return Key{}, err
	}
	k.name = name(raw, k.flags&namedInLatin1 != 0)
	return k, nil
}

// Name is the name of the key.
func (k Key) Name() string { return k.name }

// Written is when the key was written last: one of its values or the list of its subkeys.
func (k Key) Written() time.Time { return k.written }

// Class returns the class name of the key, mostly "".
func (k Key) Class() (string, error) {
	if k.classN == 0 || k.class == nowhere {
		return "", nil
	}
	c, err := k.hive.cell(k.class)
	if err != nil {
		return "", k.damaged(err)
	}
	b, err := k.hive.content(c, 0, int64(k.classN), maxClass)
	if err != nil {
		return "", k.damaged(err)
	}
	return name(b, false), nil
}

// Keys returns the subkeys in the order of the hive. With ErrCorrupt come those that could be read.
func (k Key) Keys() ([]Key, error) {
	entries, err := k.entries()
	var wrong binread.Errors
	wrong.Add(err)
	all := make([]Key, 0, len(entries))
	for _, e := range entries {
		child, err := k.child(e)
		if err != nil {
			wrong.Add(err)
			continue
		}
		all = append(all, child)
	}
	return all, k.damaged(wrong.Err())
}

// Key returns the key of a path below this one, as Hive.Key does.
func (k Key) Key(path string) (Key, error) {
	for part := range strings.SplitSeq(strings.Trim(path, `\`), `\`) {
		if part == "" {
			continue
		}
		var err error
		if k, err = k.find(part); err != nil {
			return Key{}, fmt.Errorf("hive: key %q: %w", path, err)
		}
	}
	return k, nil
}

// find returns the subkey of a name. The hashes in a list are looked at first; they are hints, and what they do not find is looked for by name.
func (k Key) find(part string) (Key, error) {
	entries, err := k.entries()
	var wrong binread.Errors
	wrong.Add(err)
	hash := hashOf(part)
	for _, hinted := range []bool{true, false} {
		for _, e := range entries {
			if hinted != (e.hashed && e.hash == hash) {
				continue
			}
			child, err := k.child(e)
			if err != nil {
				wrong.Add(err)
			} else if sameName(child.name, part) {
				return child, nil
			}
		}
	}
	if err := wrong.Err(); err != nil {
		return Key{}, fmt.Errorf("%q: %w", part, err)
	}
	return Key{}, fmt.Errorf("%q: %w", part, fs.ErrNotExist)
}

// child reads a subkey. That it names this key as its parent makes a tree of the keys, whatever their lists say: none is below itself.
func (k Key) child(e entry) (Key, error) {
	if k.depth+1 >= maxDepth {
		return Key{}, binread.Limit("key at %#x: %d keys below each other, want at most %d", e.off, k.depth+1, maxDepth)
	}
	child, err := k.hive.node(e.off)
	switch {
	case err != nil:
		return Key{}, err
	case child.parent != k.off || child.off == k.off:
		return Key{}, binread.Corrupt("key at %#x: its parent is at %#x, want %#x", e.off, child.parent, k.off)
	case child.name == "":
		return Key{}, binread.Corrupt("key at %#x: has no name", e.off)
	}
	child.depth = k.depth + 1
	return child, nil
}

func (k Key) damaged(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("hive: key at %#x (%q): %w", k.off, k.name, err)
}
