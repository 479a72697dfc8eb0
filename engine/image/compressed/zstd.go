package compressed

import (
	"bufio"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	zstdMagic     = 0xfd2fb528
	skippable     = 0x184d2a50 // and 15 above
	maxWindow     = 128 << 20  // bytes a decoder keeps: what zstd -d allows without --long
	maxZstdBlocks = 1 << 26
)

// probeZstd recognises a frame, or one that is skipped, which pzstd and others begin with, before a frame.
func probeZstd(r io.ReaderAt, size int64) (bool, error) {
	for off := int64(0); size-off >= 8; {
		b, err := binread.ReadAt(r, off, 8, 8)
		if err != nil {
			return false, err
		}
		switch magic, n := little(b), little(b[4:]); {
		case magic == zstdMagic:
			return true, nil
		case magic&^15 != skippable || off > 1<<20:
			return false, nil
		default:
			off += 8 + int64(n)
		}
	}
	return false, nil
}

// zstdPieces walks over the frames from block to block, without unpacking any (RFC 8878, section 3.1).
func zstdPieces(f file) ([]*piece, error) {
	var pieces []*piece
	blocks := 0
	for off := int64(0); off < f.size; {
		if len(pieces) == maxPieces {
			return nil, binread.Limit("more than %d frames", maxPieces)
		}
		b, err := binread.ReadAt(f, off, min(18, f.size-off), 18)
		if err != nil {
			return nil, err
		}
		h := zstdHeader{b: b}
		switch magic := h.number(4); {
		case h.short:
			return nil, cutOff(off)
		case magic&^15 == skippable:
			n := int64(h.number(4))
			if h.short || n > f.size-off-8 {
				return nil, cutOff(off)
			}
			off += 8 + n
			continue
		case magic != zstdMagic:
			return nil, binread.Corrupt("at %#x: %#08x, want the magic number of a frame", off, magic)
		}
		size, err := h.content()
		if err != nil {
			return nil, binread.Corrupt("frame at %#x: %w", off, err)
		}
		end, n, err := zstdBlocks(f, off+int64(h.at), h.checksum)
		if err != nil {
			return nil, err
		}
		if blocks += n; blocks > maxZstdBlocks {
			return nil, binread.Limit("more than %d blocks", maxZstdBlocks)
		}
		from := off
		pieces = append(pieces, &piece{from: from, size: size, open: func() (io.ReadCloser, error) {
			d, err := zstd.NewReader(bufio.NewReaderSize(io.NewSectionReader(f, from, end-from), readAhead),
				zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
			if err != nil {
				return nil, err
			}
			return d.IOReadCloser(), nil
		}})
		off = end
	}
	return pieces, nil
}

func cutOff(off int64) error {
	return binread.WithHint(binread.Corrupt("it ends in the frame at %#x: it was cut off", off), "copy or download it again")
}

// zstdHeader decodes the header of a frame.
type zstdHeader struct {
	b        []byte
	at       int
	short    bool // there are fewer bytes than it wants
	checksum bool
}

// number reads a little-endian number of n bytes.
func (h *zstdHeader) number(n int) uint64 {
	if len(h.b)-h.at < n {
		h.short = true
		return 0
	}
	var b [8]byte
	copy(b[:], h.b[h.at:h.at+n])
	h.at += n
	c := binread.Little(b[:])
	return c.U64()
}

// content reads the rest of the header behind the magic number and returns the size of the content, -1 where it is not said.
func (h *zstdHeader) content() (int64, error) {
	descriptor := h.number(1)
	single := descriptor>>5&1 == 1
	h.checksum = descriptor>>2&1 == 1
	if !single {
		window := h.number(1)
		exponent, mantissa := window>>3, window&7
		if n := uint64(1)<<(10+exponent) + uint64(1)<<(10+exponent)/8*mantissa; n > maxWindow {
			return 0, binread.Limit("a window of %d bytes, want at most %d", n, maxWindow)
		}
	}
	if id := h.number([]int{0, 1, 2, 4}[descriptor&3]); id != 0 {
		return 0, binread.Unsupported("it wants the dictionary %d", id)
	}
	size := int64(-1)
	switch descriptor >> 6 {
	case 0:
		if single {
			size = int64(h.number(1))
		}
	case 1:
		size = int64(h.number(2)) + 256
	case 2:
		size = int64(h.number(4))
	case 3:
		n := h.number(8)
		if n > 1<<62 {
			return 0, binread.Corrupt("a content of %d bytes", n)
		}
		size = int64(n)
	}
	if h.short {
		return 0, binread.Corrupt("its header is cut off")
	}
	return size, nil
}

// zstdBlocks returns where the frame ends whose blocks begin at off, and how many blocks it has.
func zstdBlocks(f file, off int64, checksum bool) (end int64, blocks int, err error) {
	for {
		if f.size-off < 3 {
			return 0, 0, cutOff(off)
		}
		b, err := binread.ReadAt(f, off, 3, 3)
		if err != nil {
			return 0, 0, err
		}
		h := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
		n := int64(h >> 3)
		switch h >> 1 & 3 {
		case 1: // one byte, repeated
			n = 1
		case 3:
			return 0, 0, binread.Corrupt("block at %#x: type 3, which is reserved", off)
		}
		if n > f.size-off-3 {
			return 0, 0, cutOff(off)
		}
		off += 3 + n
		if blocks++; blocks > maxZstdBlocks {
			return 0, 0, binread.Limit("more than %d blocks", maxZstdBlocks)
		}
		if h&1 == 0 {
			continue
		}
		if checksum {
			off += 4
		}
		if off > f.size {
			return 0, 0, cutOff(off)
		}
		return off, blocks, nil
	}
}
