package qcow2

import (
	"fmt"
	"io"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// Types of header extensions. Others are skipped: what must be known to read an image has an incompatible feature bit.
const (
	extensionEnd           = 0
	extensionBackingFormat = 0xe2792aca
	extensionFeatureNames  = 0x6803f857
	extensionDataFile      = 0x44415441
	extensionBitmaps       = 0x23852875
)

// readExtensions reads the header extensions and the name of the backing file. They lie in the first cluster, the
// extensions from the header's end to the backing file's name.
func (h *header) readExtensions(r io.ReaderAt, size int64) error {
	b, err := binread.ReadAt(r, 0, min(size, h.clusterSize()), 1<<maxClusterBits)
	if err != nil {
		return fmt.Errorf("first cluster: %w", err)
	}
	c := binread.Big(b)
	h.backing = string(c.At(int(h.backingOff)).Bytes(int(h.backingLen)))
	if err := c.Err(); err != nil {
		return fmt.Errorf("backing file name at %#x: %w", h.backingOff, err)
	}
	end := len(b)
	if h.backingOff != 0 {
		end = int(h.backingOff)
	}
	c = binread.Big(b[:end])
	c.At(int(h.length))
	for c.Len() >= 8 {
		at := c.Offset()
		kind, n := c.U32(), c.U32()
		if kind == extensionEnd {
			return nil
		}
		if int64(n) > int64(c.Len()) {
			return binread.Corrupt("header extension %#x at %#x: %d bytes, want at most %d", kind, at, n, c.Len())
		}
		if err := h.extension(kind, c.Bytes(int(n))); err != nil {
			return fmt.Errorf("header extension %#x at %#x: %w", kind, at, err)
		}
		c.Skip(min(-int(n)&7, c.Len()))
	}
	return nil
}

func (h *header) extension(kind uint32, b []byte) error {
	switch kind {
	case extensionBackingFormat:
		if len(b) > 64 {
			return binread.Corrupt("format name of %d bytes, want at most 64", len(b))
		}
		h.backingFormat = string(b)
	case extensionDataFile:
		if len(b) > maxDataFileName {
			return binread.Corrupt("data file name of %d bytes, want at most %d", len(b), maxDataFileName)
		}
		h.dataFile = string(b)
	case extensionFeatureNames:
		h.featureNames = featureNames(b)
	case extensionBitmaps:
		h.bitmaps = b
	}
	return nil
}

// featureNames decodes a feature name table: entries of a type, a bit and a name of 46 bytes. Type 0 is incompatible.
func featureNames(b []byte) map[uint8]string {
	names := map[uint8]string{}
	c := binread.Big(b)
	for c.Len() >= 48 {
		kind, bit, name := c.U8(), c.U8(), c.Bytes(46)
		if kind == 0 && bit < 64 {
			names[bit] = strings.TrimRight(string(name), "\x00")
		}
	}
	return names
}

// fileName returns the file that an image names as backing or data file. QEMU takes what stands before a colon for a
// protocol, and "json:" for options: only a plain file is opened here.
func fileName(name string) (string, error) {
	i := strings.IndexAny(name, ":/")
	if i < 0 || name[i] == '/' {
		return name, nil
	}
	if rest, ok := strings.CutPrefix(name, "file:"); ok && !strings.HasPrefix(rest, "//") {
		return rest, nil
	}
	return "", binread.WithHint(binread.Refused("%q is no plain file, want a file name", name[:i+1]),
		"a plain file can be named with: qemu-img rebase -u -b FILE")
}
