package btrfs

import (
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxAttrs     = 1 << 16
	maxAttrTotal = 8 << 20 // bytes
)

// Xattrs returns the extended attributes of a node. Those that could be read are returned even with an error.
func (f *FS) Xattrs(n filesys.Node) (map[string][]byte, error) {
	in, err := f.readInode(n)
	if err != nil {
		return nil, f.nodeError(n, err)
	}
	if in.standIn {
		return nil, nil
	}
	var attrs map[string][]byte
	var bad binread.Errors
	total := 0
	from, to := in.keys(kindXattr)
	in.volume.tree.each(from, to, func(_ key, b []byte) error {
		if total += len(b); total > maxAttrTotal || len(attrs) >= maxAttrs {
			return binread.Limit("more than %d attributes or %d bytes of them", maxAttrs, maxAttrTotal)
		}
		return eachName(b, func(e entry) error {
			if attrs == nil {
				attrs = map[string][]byte{}
			}
			if _, twice := attrs[string(e.name)]; twice {
				return binread.Corrupt("two attributes have the name %q", e.name)
			}
			attrs[string(e.name)] = slices.Clone(e.value)
			return nil
		})
	}, func(_ key, err error) { bad.Add(err) })
	if err := bad.Err(); err != nil {
		return attrs, f.nodeError(n, err)
	}
	return attrs, nil
}
