package vhd

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

// maxName is the longest name of a parent, in bytes.
const maxName = 64 << 10

func (m *Image) openParent(open image.Sibling) (err error) {
	names, err := m.head.names(m.File)
	if err != nil {
		return err
	}
	m.Parent, m.ParentName, err = image.OpenParent(open, "vhd", names, func(parent image.Image) error {
		id, _ := image.IdentityOf(parent)
		if want := m.head.parentID.String(); id.ID != want {
			return binread.WithHint(binread.Corrupt("has the unique id %s, want %s: it is another disk", id.ID, want),
				"put the file that the image was made from beside it")
		}
		return nil
	})
	return err
}

// names returns the names of the parent, those first that say most about where it is.
func (h *header) names(r io.ReaderAt) ([]string, error) {
	var names []string
	for _, platform := range []string{"W2ru", "MacX", "W2ku"} {
		for _, l := range h.locators {
			if l.platform != platform || l.n == 0 {
				continue
			}
			b, err := binread.ReadAt(r, l.off, l.n, maxName)
			if err != nil {
				return nil, fmt.Errorf("header at %#x: parent locator %q: %w", h.off, platform, err)
			}
			names = append(names, l.names(b)...)
		}
	}
	plain := binread.Big(h.parentName)
	names = append(names, image.WindowsNames(plain.UTF16())...)
	var all []string
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all, nil
}

// names decodes the bytes that a locator leads to.
func (l locator) names(b []byte) []string {
	if l.platform != "MacX" {
		c := binread.Little(b)
		return image.WindowsNames(c.UTF16())
	}
	path := strings.TrimPrefix(strings.TrimRight(string(b), "\x00"), "file://")
	if plain, err := url.PathUnescape(path); err == nil {
		path = plain
	}
	return image.WindowsNames(path)
}
