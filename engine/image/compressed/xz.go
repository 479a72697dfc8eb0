package compressed

import (
	"bufio"
	"bytes"
	"hash/crc32"
	"io"
	"slices"

	"github.com/therootcompany/xz"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	xzMagic      = "\xfd7zXZ\x00"
	xzFooter     = "YZ"
	xzEnds       = 12       // bytes of the header of a stream, and of its footer
	maxXZIndex   = 16 << 20 // bytes
	maxXZStreams = 10_000
	maxXZPadding = 1 << 20   // bytes behind a stream
	maxXZDict    = 128 << 20 // bytes; xz -9 has 64 MiB
)

// xzPieces finds the blocks by the indexes at the ends of the streams, of which the last comes first (The .xz File Format, section 2).
func xzPieces(f file) ([]*piece, error) {
	var pieces []*piece
	end := f.size
	for streams := 0; end > 0; streams++ {
		if streams == maxXZStreams {
			return nil, binread.Limit("more than %d streams", maxXZStreams)
		}
		s, err := readXZ(f, end)
		if err != nil {
			return nil, err
		}
		if len(pieces)+len(s.blocks) > maxPieces {
			return nil, binread.Limit("more than %d blocks", maxPieces)
		}
		for _, b := range slices.Backward(s.blocks) {
			pieces = append(pieces, &piece{from: b.from, size: b.size, open: func() (io.ReadCloser, error) { return s.open(f, b) }})
		}
		end = s.start
	}
	slices.Reverse(pieces)
	return pieces, nil
}

// xzStream is a stream of a file.
type xzStream struct {
	start  int64
	flags  []byte // which check its blocks have
	blocks []xzBlock
}

// xzBlock is a block, as the index has it.
type xzBlock struct {
	from     int64
	unpadded int64 // bytes in the file, without those that fill up to 4
	size     int64 // bytes when it is unpacked
}

// padded is how many bytes a block takes.
func padded(n int64) int64 { return (n + 3) &^ 3 }

// readXZ reads the index of the stream that ends at an offset, or before zeros that do.
func readXZ(f file, end int64) (*xzStream, error) {
	end, err := skipZeros(f, end)
	if err != nil {
		return nil, err
	}
	if end < 2*xzEnds || end%4 != 0 {
		return nil, xzCut(end)
	}
	footer, err := binread.ReadAt(f, end-xzEnds, xzEnds, xzEnds)
	if err != nil {
		return nil, err
	}
	if string(footer[10:]) != xzFooter {
		return nil, xzCut(end)
	}
	if got, want := crc32.ChecksumIEEE(footer[4:10]), little(footer); got != want {
		return nil, binread.Checksum("footer at %#x: CRC-32 %#08x, want %#08x", end-xzEnds, got, want)
	}
	n := (int64(little(footer[4:])) + 1) * 4
	at := end - xzEnds - n
	switch {
	case n > maxXZIndex:
		return nil, binread.Limit("an index of %d bytes, want at most %d", n, maxXZIndex)
	case at < xzEnds:
		return nil, binread.Corrupt("an index of %d bytes before %#x, want it behind the header", n, end-xzEnds)
	}
	index, err := binread.ReadAt(f, at, n, maxXZIndex)
	if err != nil {
		return nil, err
	}
	s := &xzStream{flags: footer[8:10]}
	if err := s.index(index, at); err != nil {
		return nil, err
	}
	header, err := binread.ReadAt(f, s.start, xzEnds, xzEnds)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(header, s.header()) {
		return nil, binread.Corrupt("stream at %#x: its header is not that of its footer", s.start)
	}
	return s, nil
}

func xzCut(end int64) error {
	return binread.WithHint(binread.Corrupt("no footer of a stream before %#x: it was cut off", end), "copy or download it again")
}

// skipZeros is the end of the stream before the zeros that end at an offset.
func skipZeros(f file, end int64) (int64, error) {
	for skipped := int64(0); end >= 4; skipped += 4 {
		b, err := binread.ReadAt(f, end-4, 4, 4)
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(b, make([]byte, 4)) {
			return end, nil
		}
		if skipped > maxXZPadding {
			return 0, binread.Limit("more than %d bytes behind a stream", maxXZPadding)
		}
		end -= 4
	}
	return end, nil
}

// index reads the index that stands at an offset, and finds the start of the stream by it.
func (s *xzStream) index(b []byte, at int64) error {
	body := b[:len(b)-4]
	if got, want := crc32.ChecksumIEEE(body), little(b[len(b)-4:]); got != want {
		return binread.Checksum("index at %#x: CRC-32 %#08x, want %#08x", at, got, want)
	}
	if body[0] != 0 {
		return binread.Corrupt("index at %#x: begins with %#x, want 0", at, body[0])
	}
	body = body[1:]
	count, body, ok := multibyte(body)
	if !ok || count > int64(len(body))/2 {
		return binread.Corrupt("index at %#x: %d blocks in %d bytes", at, count, len(body))
	}
	total := int64(0)
	for range count {
		var unpadded, size int64
		var ok1, ok2 bool
		unpadded, body, ok1 = multibyte(body)
		size, body, ok2 = multibyte(body)
		if !ok1 || !ok2 || unpadded < 5 || padded(unpadded) > at-xzEnds-total {
			return binread.Corrupt("index at %#x: a block of %d bytes, and %d are left", at, unpadded, at-xzEnds-total)
		}
		s.blocks = append(s.blocks, xzBlock{total, unpadded, size})
		total += padded(unpadded)
	}
	if len(body) > 3 || len(bytes.Trim(body, "\x00")) > 0 {
		return binread.Corrupt("index at %#x: %d bytes behind %d blocks", at, len(body), count)
	}
	s.start = at - total - xzEnds
	for i := range s.blocks {
		s.blocks[i].from += s.start + xzEnds
	}
	return nil
}

// multibyte reads a number of up to 63 bits in groups of 7, the lowest first (section 1.2).
func multibyte(b []byte) (n int64, rest []byte, ok bool) {
	for i := 0; i < len(b) && i < 9; i++ {
		n |= int64(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return n, b[i+1:], b[i] != 0 || i == 0
		}
	}
	return n, nil, false
}

func appendMultibyte(b []byte, n int64) []byte {
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// little is the little-endian number that b begins with.
func little(b []byte) uint32 {
	c := binread.Little(b)
	return c.U32()
}

func appendLittle(b []byte, n uint32) []byte {
	return append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}

// header is the header of the stream.
func (s *xzStream) header() []byte {
	b := append([]byte(xzMagic), s.flags...)
	return appendLittle(b, crc32.ChecksumIEEE(s.flags))
}

// open makes a stream of one block, which any decoder unpacks and verifies.
func (s *xzStream) open(f file, b xzBlock) (io.ReadCloser, error) {
	index := appendMultibyte(appendMultibyte([]byte{0, 1}, b.unpadded), b.size)
	for len(index)%4 != 0 {
		index = append(index, 0)
	}
	index = appendLittle(index, crc32.ChecksumIEEE(index))
	end := append(appendLittle(nil, uint32(len(index)/4-1)), s.flags...)
	footer := append(appendLittle(nil, crc32.ChecksumIEEE(end)), end...)
	block := io.NewSectionReader(f, b.from, padded(b.unpadded))
	r, err := xz.NewReader(io.MultiReader(bytes.NewReader(s.header()), bufio.NewReaderSize(block, readAhead),
		bytes.NewReader(index), bytes.NewReader(footer), bytes.NewReader([]byte(xzFooter))), maxXZDict)
	if err != nil {
		return nil, err
	}
	r.Multistream(false)
	return io.NopCloser(r), nil
}
