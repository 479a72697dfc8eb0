package squashfs

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	metadataSize   = 8 << 10 // bytes of a block of metadata that is unpacked
	metadataHeader = 2       // bytes
	metadataPlain  = 1 << 15 // flag: the block is stored as it is
)

// stored returns how many bytes follow the header of a block of metadata, and whether they are packed.
func stored(header []byte) (n int64, packed bool) {
	c := binread.Little(header)
	h := c.U16()
	return int64(h &^ metadataPlain), h&metadataPlain == 0
}

// metadataBlock returns the block of metadata at a place, unpacked, and where the next one is. The bytes are shared and must not be
// changed.
func (f *FS) metadataBlock(at int64) (content []byte, next int64, err error) {
	cached, mine := f.metadata.Get(at)
	if mine {
		b, err := f.loadMetadata(at)
		f.metadata.Put(cached, b, err)
	}
	b, err := cached.Wait()
	if err != nil {
		return nil, 0, fmt.Errorf("metadata at %#x: %w", at, err)
	}
	n, _ := stored(b)
	return b[metadataHeader:], at + metadataHeader + n, nil
}

// loadMetadata reads a block of metadata: its header, and its content unpacked.
func (f *FS) loadMetadata(at int64) ([]byte, error) {
	b := make([]byte, metadataHeader+metadataSize)
	header := b[:metadataHeader]
	if err := f.fill(header, at); err != nil {
		return nil, err
	}
	n, packed := stored(header)
	if n == 0 || n > metadataSize {
		return nil, binread.Corrupt("a block of %d bytes, want 1 to %d", n, metadataSize)
	}
	if !packed {
		b = b[:metadataHeader+n]
		return b, f.fill(b[metadataHeader:], at+metadataHeader)
	}
	src := make([]byte, n)
	if err := f.fill(src, at+metadataHeader); err != nil {
		return nil, err
	}
	count, err := f.unpacker.unpack(b[metadataHeader:], src)
	switch {
	case err != nil:
		return nil, err
	case count == 0:
		return nil, binread.Corrupt("a block that unpacks to nothing")
	}
	return b[:metadataHeader+count], nil
}

// stream reads metadata from a place on, over the ends of blocks.
type stream struct {
	fs   *FS
	at   int64 // of the block, on the volume
	end  int64 // where the table ends
	off  int   // in the block
	read int64 // bytes so far
}

// newStream reads from the off-th byte of the block at a distance from the start of a table.
func (f *FS) newStream(start, end int64, distance uint64, off int) (*stream, error) {
	if distance >= uint64(max(0, end-start)) {
		return nil, binread.Corrupt("a block of metadata %#x behind %#x, want it before the end of its table at %#x", distance, start, end)
	}
	s := &stream{fs: f, at: start + int64(distance), end: end, off: off}
	b, _, err := f.metadataBlock(s.at)
	switch {
	case err != nil:
		return nil, err
	case off >= len(b):
		return nil, binread.Corrupt("byte %d of a block of metadata of %d bytes at %#x", off, len(b), s.at)
	}
	return s, nil
}

// next returns n bytes. They may be shared and must not be changed. Who calls bounds n.
func (s *stream) next(n int) ([]byte, error) {
	var joined []byte
	for {
		if s.at >= s.end {
			return nil, binread.Corrupt("metadata goes on behind the end of its table at %#x", s.end)
		}
		b, next, err := s.fs.metadataBlock(s.at)
		if err != nil {
			return nil, err
		}
		b = b[min(s.off, len(b)):]
		want := n - len(joined)
		if len(b) >= want {
			s.off += want
			s.read += int64(n)
			if joined == nil {
				return b[:want:want], nil
			}
			return append(joined, b[:want]...), nil
		}
		if joined == nil {
			joined = make([]byte, 0, n)
		}
		joined = append(joined, b...)
		s.at, s.off = next, 0
	}
}

// cursor decodes the next n bytes.
func (s *stream) cursor(n int) (binread.Cursor, error) {
	b, err := s.next(n)
	return binread.Little(b), err
}
