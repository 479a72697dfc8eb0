package archive

import (
	"github.com/guestctl/guestctl/engine/binread"
)

const (
	rpmLead   = 96 // bytes
	rpmHeader = 16 // bytes before the index of a header
)

// rpm opens the payload of a package: a compressed cpio behind the lead and two headers.
func (w *walker) rpm(content []byte) error {
	off := int64(rpmLead)
	for _, align := range []int64{8, 1} { // the signature, the header
		n, err := rpmHeaderSize(content, off)
		if err != nil {
			return w.problem("", err)
		}
		off = (off + n + align - 1) / align * align
	}
	if off >= int64(len(content)) {
		return w.problem("", binread.Corrupt("it breaks off before its payload"))
	}
	payload := content[off:]
	switch {
	case compressionOf(payload) != nil:
		return w.compressed(payload)
	case isCpio(payload):
		return w.cpioFile(payload)
	}
	return w.problem("", binread.Unsupported("payload that is neither a cpio archive nor compressed by a known program"))
}

// rpmHeaderSize is how many bytes the header at off has.
func rpmHeaderSize(content []byte, off int64) (int64, error) {
	c := binread.Big(content)
	c.At(int(min(off, int64(len(content)))))
	magic := c.U32()
	c.Skip(4) // reserved
	entries, store := int64(c.U32()), int64(c.U32())
	switch {
	case c.Err() != nil:
		return 0, binread.Corrupt("it breaks off before its payload")
	case magic != 0x8eade801:
		return 0, binread.Corrupt("header at %#x begins with %#x, want 0x8eade801", off, magic)
	}
	return rpmHeader + 16*entries + store, nil
}
