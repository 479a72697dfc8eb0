package hive

import (
	"io"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	baseSize = 4096 // bytes of the base block; the first hive bin follows
	pageSize = 4096 // what the size of a hive bin is a multiple of
	checked  = 512  // bytes of the base block that its checksum covers, and that a log has a copy of

	primaryFile = 0 // file types
	oldLog      = 1
	oldLogToo   = 2
	newLog      = 6

	differencing = 6 // minor version
)

// base is the base block of a hive, or the copy of it that begins a log.
type base struct {
	primary   uint32 // sequence number at the beginning of the last write
	secondary uint32 // and at its end
	written   time.Time
	minor     uint32
	kind      uint32 // file type
	root      uint32 // offset of the root key
	size      int64  // bytes of the hive bins
}

// readBase decodes the base block of r. One whose checksum is wrong comes with ErrChecksum; another error means that this is none.
func readBase(r io.ReaderAt) (base, error) {
	b, err := binread.ReadAt(r, 0, checked, checked)
	if err != nil {
		return base{}, err
	}
	c := binread.Little(b)
	if string(c.Bytes(4)) != "regf" {
		return base{}, binread.Corrupt("signature %q, want \"regf\"", b[:4])
	}
	found := base{primary: c.U32(), secondary: c.U32(), written: filetime(c.U64())}
	major := c.U32()
	found.minor, found.kind = c.U32(), c.U32()
	format := c.U32()
	found.root = c.U32()
	found.size = int64(c.U32())
	if want, got := xor32(b[:checked-4]), c.At(checked-4).U32(); got != want {
		return found, binread.Checksum("checksum %#x, want %#x", got, want)
	}
	if err := found.check(major, format); err != nil {
		return base{}, err
	}
	return found, nil
}

func (b base) check(major, format uint32) error {
	switch {
	case major != 1 || b.minor < 3 || b.minor > 6:
		return binread.Unsupported("version %d.%d, want 1.3 to 1.6", major, b.minor)
	case format != 1:
		return binread.Unsupported("format %d, want 1", format)
	case b.size == 0 || b.size%pageSize != 0:
		return binread.Corrupt("%d bytes of hive bins, want a multiple of %d", b.size, pageSize)
	}
	return nil
}

// xor32 is the checksum of a base block. Two results stand for themselves, so that a checksum is never 0 and never -1.
func xor32(b []byte) uint32 {
	var sum uint32
	for c := binread.Little(b); c.Len() > 0; {
		sum ^= c.U32()
	}
	switch sum {
	case 0:
		return 1
	case ^uint32(0):
		return ^uint32(1)
	}
	return sum
}

// filetime decodes a FILETIME: units of 100 nanoseconds since 1601. Zero is no time.
func filetime(n uint64) time.Time {
	const perSecond, unix = 10_000_000, 11_644_473_600
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(int64(n/perSecond)-unix, int64(n%perSecond)*100).UTC()
}
