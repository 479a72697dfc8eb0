package lvm

import (
	"crypto/sha256"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

const (
	areaMagic   = " LVM2 x[5A%r0N*>"
	areaVersion = 1
	areaHeader  = 512 // bytes before the text
	areaIgnored = 1   // RAW_LOCN_IGNORED: LVM does not keep this copy
)

// copyOf is one copy of the metadata of a group.
type copyOf struct {
	where    string // "area at 0x1000 of disk1"
	name, id string // of the group
	seqno    int64
	sum      [sha256.Size]byte // of the text
	group    *group            // of the newest copy of all alone: a group may be large
}

// readArea returns the metadata in an area of a physical volume; nil for one that is empty or that LVM does not keep.
func readArea(pv *volume.Volume, at span) (*copyOf, error) {
	where := fmt.Sprintf("area at %#x of %s", at.off, pv.Name)
	b, err := areaText(pv, at)
	if err != nil || b == nil {
		return nil, wrap(where, err)
	}
	g, err := decode(b)
	if err != nil {
		return nil, wrap(where, err)
	}
	return &copyOf{where, g.name, g.id, g.seqno, sha256.Sum256(b), g}, nil
}

func wrap(where string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", where, err)
}

// areaText returns the text that an area's header names (mda_header, raw_locn). The text lies in a ring behind the header.
func areaText(pv *volume.Volume, at span) ([]byte, error) {
	size := uint64(pv.Size)
	if at.off > size || at.size > size-at.off || at.size <= areaHeader {
		return nil, binread.Corrupt("%d bytes, want more than %d inside of the volume of %d", at.size, areaHeader, pv.Size)
	}
	head, err := binread.ReadAt(pv, int64(at.off), areaHeader, areaHeader)
	if err != nil {
		return nil, err
	}
	c := binread.Little(head)
	sum, magic, version, start, total := c.U32(), c.Bytes(16), c.U32(), c.U64(), c.U64()
	off, n, textSum, flags := c.U64(), c.U64(), c.U32(), c.U32() // of the first raw_locn: what is committed
	switch {
	case string(magic) != areaMagic:
		return nil, binread.Corrupt("header begins with %q, want %q", magic, areaMagic)
	case sum != checksum(head[4:]):
		return nil, binread.Checksum("header checksum 0x%08x, want 0x%08x", sum, checksum(head[4:]))
	case version != areaVersion:
		return nil, binread.Unsupported("header version %d, want %d", version, areaVersion)
	case start != at.off || total != at.size:
		return nil, binread.Corrupt("header says %d bytes at %#x, the label says %d at %#x", total, start, at.size, at.off)
	case flags&areaIgnored != 0 || off == 0:
		return nil, nil
	case n > maxText:
		return nil, binread.Limit("%d bytes of text, want at most %d", n, maxText)
	case n == 0:
		return nil, binread.Corrupt("0 bytes of text")
	case off < areaHeader || off >= total || n > total-areaHeader:
		return nil, binread.Corrupt("%d bytes of text at %d, want them in the ring from %d to %d", n, off, areaHeader, total)
	}
	text, err := binread.ReadAt(ring{pv, at}, int64(off), int64(n), maxText)
	if err != nil {
		return nil, err
	}
	if got := checksum(text); got != textSum {
		return nil, binread.Checksum("text checksum 0x%08x, want 0x%08x", got, textSum)
	}
	return text, nil
}

// ring reads the text of an area, which goes on behind the header when it reaches the end.
type ring struct {
	pv *volume.Volume
	at span
}

func (r ring) ReadAt(b []byte, off int64) (int, error) {
	n := min(int64(len(b)), int64(r.at.size)-off)
	if err := binread.Fill(r.pv, b[:n], int64(r.at.off)+off); err != nil || n == int64(len(b)) {
		return int(n), err
	}
	rest := b[n:]
	if int64(len(rest)) > off-areaHeader {
		return int(n), binread.Corrupt("text runs into itself")
	}
	return len(b), binread.Fill(r.pv, rest, int64(r.at.off)+areaHeader)
}
