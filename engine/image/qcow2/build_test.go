package qcow2

import (
	"bytes"
	"math/rand/v2"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

const (
	k64      = 64 << 10
	l1Place  = 1 * k64
	l2Place  = 2 * k64
	dataAt   = 3 * k64
	fileEnd  = 5 * k64
	compress = flagCompress | 31<<54 // of 16 KiB at most, in clusters of 64 KiB
)

// put writes an unsigned number of n bytes, big-endian.
func put(b []byte, off, n int, v uint64) {
	for i := range n {
		b[off+i] = byte(v >> (8 * (n - 1 - i)))
	}
}

// patch changes a valid image.
type patch func(b []byte) []byte

func set(off, n int, v uint64) patch {
	return func(b []byte) []byte { put(b, off, n, v); return b }
}

func setBytes(off int, v []byte) patch {
	return func(b []byte) []byte { copy(b[off:], v); return b }
}

func cut(n int) patch { return func(b []byte) []byte { return b[:n] } }

func patches(all ...patch) patch {
	return func(b []byte) []byte {
		for _, p := range all {
			b = p(b)
		}
		return b
	}
}

// valid is an image of version 3 and 1 MiB: header, L1 table, L2 table, a cluster of data, a reference count table.
func valid() []byte {
	b := make([]byte, fileEnd)
	copy(b, magic)
	put(b, 4, 4, 3)
	put(b, 20, 4, 16)
	put(b, 24, 8, 1<<20)
	put(b, 36, 4, 1)
	put(b, 40, 8, l1Place)
	put(b, 48, 8, 4*k64)
	put(b, 56, 4, 1)
	put(b, 96, 4, 4)
	put(b, 100, 4, headerSizeType)
	put(b, l1Place, 8, l2Place|flagCopied)
	put(b, l2Place, 8, dataAt|flagCopied)
	copy(b[dataAt:], bytes.Repeat([]byte("d"), k64))
	return b
}

func backingName(name string) patch {
	return patches(set(8, 8, 512), set(16, 4, uint64(len(name))), setBytes(512, []byte(name)))
}

func extension(kind, n uint64, b string) patch {
	return patches(set(headerSizeType, 4, kind), set(headerSizeType+4, 4, n), setBytes(headerSizeType+8, []byte(b)))
}

// dataFile makes an image whose data is in another file.
var dataFile = patches(set(72, 8, incompatDataFile), extension(extensionDataFile, 4, "data"))

var zstdType = patches(set(72, 8, incompatCompression), set(104, 1, compressionZstd))

// extended makes the first L2 entry one of 128 bits.
func extended(bits uint64) patch {
	return patches(set(72, 8, incompatExtendedL2), set(l2Place+8, 8, bits))
}

// snapshots puts a table of one entry where the data is.
func snapshots(p ...patch) patch {
	return patches(set(60, 4, 1), set(64, 8, dataAt), setBytes(dataAt, make([]byte, k64)),
		set(dataAt, 8, l1Place), set(dataAt+8, 4, 1), set(dataAt+12, 2, 1), set(dataAt+14, 2, 1), setBytes(dataAt+40, []byte("1a")), patches(p...))
}

func deflated(b []byte) []byte {
	var z bytes.Buffer
	w, _ := flate.NewWriter(&z, 6)
	_, _ = w.Write(b)
	_ = w.Close()
	return z.Bytes()
}

func zstdFrame(b []byte, opts ...zstd.EOption) []byte {
	w, _ := zstd.NewWriter(nil, opts...)
	return w.EncodeAll(b, nil)
}

// noise does not compress.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b)
	return b
}
