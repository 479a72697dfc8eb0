package checksums

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/therootcompany/xz"

	"github.com/guestctl/guestctl/engine/binread"
)

// The flags of a compressed object.
const (
	packedXZ, packedLZ4, packedZSTD = 1, 2, 4

	maxDictionary = 64 << 20 // bytes
)

// unpack returns the content of a field, which an object's flags say is compressed.
func unpack(flags byte, b []byte) ([]byte, error) {
	switch flags {
	case 0:
		return b, nil
	case packedXZ:
		r, err := xz.NewReader(bytes.NewReader(b), maxDictionary)
		if err != nil {
			return nil, err
		}
		return bounded(r)
	case packedLZ4: // the length, and one block
		if len(b) <= 8 || binary.LittleEndian.Uint64(b) > maxPayload {
			return nil, binread.Corrupt("%d bytes of LZ4", len(b))
		}
		out := make([]byte, binary.LittleEndian.Uint64(b))
		n, err := lz4.UncompressBlock(b[8:], out)
		if err == nil && n != len(out) {
			err = binread.Corrupt("%d bytes, want %d", n, len(out))
		}
		return out, err
	case packedZSTD:
		d, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxPayload))
		if err != nil {
			return nil, err
		}
		defer d.Close()
		return bounded(d)
	}
	return nil, fmt.Errorf("compressed in the way %#x", flags)
}

func bounded(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxPayload+1))
	if err == nil && len(b) > maxPayload {
		err = binread.Corrupt("more than %d bytes", maxPayload)
	}
	return b, err
}
