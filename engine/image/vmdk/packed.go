package vmdk

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	// maxGrains is the memory an open image keeps for grains it has decompressed. One that is larger is kept alone.
	maxGrains = 4 << 20
	// markerSize is that of the head of a grain marker: the sector of the guest (8 bytes) and the length of the data, which follows.
	markerSize = 12
)

// grains are what an image keeps of its compressed grains, for all of its extents.
type grains struct {
	blocks   *binread.Blocks // by their place on the guest's disk
	inflates sync.Pool       // of *inflater
}

func newGrains() *grains { return &grains{blocks: binread.NewBlocks(maxGrains)} }

// packed is a compressed grain: its number in the extent and where it is in the file. guess is how many bytes it takes there, or more.
type packed struct {
	index, host, guess int64
}

// guess says how many bytes to read of the grain at host: up to the next one, which the next entry has, or as many as a grain can have.
func (s *sparse) guess(c *binread.Cursor, host int64) int64 {
	most := min(s.mostPacked(), s.fileSize-host)
	if c.Len() == 0 {
		return most
	}
	if e, ok := s.entry(c); ok && e.host > host {
		return min(most, e.host-host)
	}
	return most
}

// mostPacked is how many bytes a compressed grain takes in the file at most: as in QEMU.
func (s *sparse) mostPacked() int64 { return 2*s.grain + markerSize }

// unpack fills b with the bytes of a grain from in on.
func (s *sparse) unpack(b []byte, p packed, in int64) error {
	block, mine := s.grains.blocks.Get(s.start + p.index*s.grain)
	if mine {
		whole, _, err := s.inflate(p)
		s.grains.blocks.Put(block, whole, err)
	}
	whole, err := block.Wait()
	if err != nil {
		return err
	}
	copy(b, whole[in:])
	return nil
}

// inflate reads and decompresses a grain. It says, too, how many bytes that takes in the file, where it is known.
func (s *sparse) inflate(p packed) (b []byte, n int64, err error) {
	in, ok := s.grains.inflates.Get().(*inflater)
	if !ok {
		in = new(inflater)
	}
	defer s.grains.inflates.Put(in)
	src, err := s.readPacked(in, p)
	if err != nil {
		return nil, 0, fmt.Errorf("compressed grain at %#x: %w", p.host, err)
	}
	b = make([]byte, s.grain)
	// The last grain of a disk may be shorter than the others.
	want := min(s.grain, s.size-p.index*s.grain)
	if err := in.decode(b, src, want); err != nil {
		return nil, int64(len(src)), fmt.Errorf("compressed grain of %d bytes at %#x: %w", len(src), p.host, err)
	}
	if s.markers {
		return b, markerSize + int64(len(src)), nil
	}
	return b, int64(len(src) - in.src.Len()), nil
}

// readPacked reads the data of a compressed grain. What is before it says of which grain it is, and how long.
func (s *sparse) readPacked(in *inflater, p packed) ([]byte, error) {
	if err := in.fill(s.r, p.host, p.guess); err != nil {
		return nil, err
	}
	if !s.markers {
		return in.buf, nil
	}
	c := binread.Little(in.buf)
	sector, n := c.U64(), int64(c.U32())
	switch {
	case c.Err() != nil:
		return nil, c.Err()
	case sector != uint64(p.index*s.grain/sectorSize):
		return nil, binread.Corrupt("its marker is of sector %d, and its table has it at sector %d", sector, p.index*s.grain/sectorSize)
	case n == 0 || n > s.mostPacked()-markerSize:
		return nil, binread.Corrupt("its marker has %d bytes of data, want 1 to %d", n, s.mostPacked()-markerSize)
	case n > s.fileSize-p.host-markerSize:
		return nil, binread.Corrupt("%d bytes of data, want them inside of a file of %d bytes", n, s.fileSize)
	case markerSize+n > int64(len(in.buf)):
		if err := in.fill(s.r, p.host, markerSize+n); err != nil {
			return nil, err
		}
	}
	return in.buf[markerSize : markerSize+n], nil
}

// inflater holds what decompressing a grain needs besides the grain.
type inflater struct {
	buf    []byte // compressed
	src    bytes.Reader
	stream io.ReadCloser
}

func (in *inflater) fill(r io.ReaderAt, off, n int64) error {
	if int64(cap(in.buf)) < n {
		in.buf = make([]byte, n)
	}
	in.buf = in.buf[:n]
	return binread.Fill(r, in.buf, off)
}

// decode fills b, at least its first want bytes, from the zlib stream (RFC 1950) in src.
func (in *inflater) decode(b, src []byte, want int64) (err error) {
	in.src.Reset(src)
	if used, ok := in.stream.(zlib.Resetter); ok {
		err = used.Reset(&in.src, nil)
	} else {
		in.stream, err = zlib.NewReader(&in.src)
	}
	if err != nil {
		return binread.Corrupt("%w", err)
	}
	n, err := io.ReadFull(in.stream, b)
	switch {
	case err == nil:
		// What follows is the checksum, which only the end of the stream is held against.
		var more [1]byte
		if n, err := in.stream.Read(more[:]); n > 0 {
			return binread.Corrupt("more than a grain of %d bytes", len(b))
		} else if err != io.EOF {
			return binread.Corrupt("after %d bytes of a grain: %w", len(b), err)
		}
	case err == io.ErrUnexpectedEOF && int64(n) >= want: //nolint:errorlint // io.ReadFull: the error itself
	default:
		return binread.Corrupt("after %d bytes of a grain of %d: %w", n, len(b), err)
	}
	return nil
}
