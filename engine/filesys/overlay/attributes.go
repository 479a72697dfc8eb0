package overlay

import (
	"bytes"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	ownPrefix     = "trusted.overlay."
	escapedPrefix = ownPrefix + "overlay." // of an overlay in an overlay

	attrWhiteout = ownPrefix + "whiteout"
	attrOpaque   = ownPrefix + "opaque"
	attrRedirect = ownPrefix + "redirect"
	attrMetacopy = ownPrefix + "metacopy"

	maxPath = 4096 // bytes of a redirected path (PATH_MAX)
	maxName = 255  // bytes (NAME_MAX)

	metacopyMin = 4 // bytes of struct ovl_metacopy without a digest
)

// attributes are the extended attributes of an object in its layer.
type attributes map[string][]byte

func (f *FS) attributes(r spot) (attributes, error) {
	attrs, err := f.layers[r.layer].FS.Xattrs(r.node)
	return attrs, f.in(r.layer, err)
}

// shown are the attributes without those of the overlay. Those of an overlay inside of it stand with a longer prefix.
func (a attributes) shown() map[string][]byte {
	var shown map[string][]byte
	for name, value := range a {
		if inner, escaped := strings.CutPrefix(name, escapedPrefix); escaped {
			name = ownPrefix + inner
		} else if strings.HasPrefix(name, ownPrefix) {
			continue
		}
		if shown == nil {
			shown = map[string][]byte{}
		}
		shown[name] = value
	}
	return shown
}

// whiteout tells what says that a name is not there.
func (a attributes) whiteout(st *filesys.Stat) bool {
	switch {
	case st.Mode&filesys.ModeType == filesys.ModeChar:
		return st.Major == 0 && st.Minor == 0
	case st.IsRegular() && st.Size == 0:
		_, marked := a[attrWhiteout]
		return marked
	}
	return false
}

func (a attributes) opaque() bool { return string(a[attrOpaque]) == "y" }

// metacopy reports whether a regular file has its content in a layer below: struct ovl_metacopy, or nothing at all.
func (a attributes) metacopy() (bool, error) {
	b, marked := a[attrMetacopy]
	if !marked || len(b) == 0 {
		return marked, nil
	}
	c := binread.Little(b)
	version, n, flags := c.U8(), c.U8(), c.U8()
	if len(b) < metacopyMin || version != 0 || int(n) != len(b) || flags != 0 {
		return false, binread.Corrupt("%s: %d bytes, of which %d are said, version %d, flags %#x", attrMetacopy, len(b), n, version, flags)
	}
	return true, nil
}

// redirect is where the layers below have a directory or content: a name beside its own, or a path from the root; "" where it is where it
// is here. The rules are those of ovl_get_redirect_xattr, and of what follows such a path.
func (a attributes) redirect() (string, error) {
	b, marked := a[attrRedirect]
	if !marked {
		return "", nil
	}
	return parseRedirect(b)
}

func parseRedirect(b []byte) (string, error) {
	names := bytes.Split(b, []byte{'/'})
	if len(b) > maxPath {
		return "", binread.Limit("%s: %d bytes, want at most %d", attrRedirect, len(b), maxPath)
	}
	if len(b) > 0 && b[0] == '/' {
		names = names[1:]
	} else if len(names) > 1 {
		return "", binread.Corrupt("%s: %q, want one name, or a path from the root", attrRedirect, b)
	}
	for _, name := range names {
		if err := filesys.CheckName(string(name)); err != nil || len(name) > maxName {
			return "", binread.Corrupt("%s: %q, want names of 1 to %d bytes that lead nowhere else", attrRedirect, b, maxName)
		}
	}
	return string(b), nil
}
