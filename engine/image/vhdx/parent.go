package vhdx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	locatorType = "b04aefb7-d19e-4a81-b789-25b8e9445913"
	maxPairs    = 64 // of a parent locator, which has five
)

func (m *Image) openParent(open image.Sibling) error {
	pairs, err := decodeLocator(m.meta.locator)
	if err != nil {
		return fmt.Errorf("parent locator: %w", err)
	}
	var want []string
	for _, key := range []string{"parent_linkage", "parent_linkage2"} {
		if id := strings.ToLower(strings.Trim(pairs[key], "{}")); id != "" {
			want = append(want, id)
		}
	}
	var names []string
	for _, key := range []string{"relative_path", "volume_path", "absolute_win32_path"} {
		for _, name := range image.WindowsNames(pairs[key]) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	m.Parent, m.ParentName, err = image.OpenParent(open, "vhdx", names, func(parent image.Image) error {
		if id, _ := image.IdentityOf(parent); !slices.Contains(want, id.ID) {
			return binread.WithHint(binread.Corrupt("has the identity %s, want %s: it is another disk, or was written to after this image was made", id.ID, strings.Join(want, " or ")),
				"put the file that the image was made from beside it, as it was then")
		}
		return nil
	})
	return err
}

// decodeLocator returns the pairs of a parent locator.
func decodeLocator(b []byte) (map[string]string, error) {
	c := binread.Little(b)
	kind := c.GUID().String()
	c.Skip(2)
	count := c.U16()
	switch {
	case c.Err() != nil:
		return nil, c.Err()
	case kind != locatorType:
		return nil, binread.Unsupported("type %s, want that of a VHDX, %s", kind, locatorType)
	case count > maxPairs:
		return nil, binread.Limit("%d pairs, want at most %d", count, maxPairs)
	}
	pairs := map[string]string{}
	for range count {
		keyOff, valueOff, keyLen, valueLen := c.U32(), c.U32(), c.U16(), c.U16()
		part := binread.Little(b)
		key := binread.Little(part.At(int(keyOff)).Bytes(int(keyLen)))
		value := binread.Little(part.At(int(valueOff)).Bytes(int(valueLen)))
		if part.Err() != nil {
			return nil, binread.Corrupt("key at %#x or value at %#x, want them inside of an item of %d bytes", keyOff, valueOff, len(b))
		}
		pairs[key.UTF16()] = value.UTF16()
	}
	return pairs, c.Err()
}
