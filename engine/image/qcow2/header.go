package qcow2

import (
	"fmt"
	"io"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	magic = "QFI\xfb"

	headerSize2     = 72      // of version 2
	headerSize3     = 104     // of version 3, without optional fields
	headerSizeType  = 112     // with the compression type
	minClusterBits  = 9       // 512 bytes
	maxClusterBits  = 21      // 2 MiB
	minExtendedBits = 14      // 16 KiB, so that a subcluster has 512 bytes
	maxL1           = 4 << 20 // entries, 32 MiB: QEMU's limit
	maxBackingName  = 1023
	maxDataFileName = 4096
	maxRefcountBits = 6 // 64-bit reference counts
)

// Incompatible features: an image with one that is not listed cannot be read.
const (
	incompatDirty       = 1 << 0
	incompatCorrupt     = 1 << 1
	incompatDataFile    = 1 << 2
	incompatCompression = 1 << 3
	incompatExtendedL2  = 1 << 4
	incompatKnown       = 1<<5 - 1
)

const (
	compressionZlib = 0
	compressionZstd = 1
)

// header is the file header and those of its extensions that matter for reading.
type header struct {
	version         uint32
	backingOff      uint64 // backing_file_offset
	backingLen      uint32 // backing_file_size
	clusterBits     uint32
	size            int64 // of the virtual disk, in bytes
	crypt           uint32
	l1Entries       uint32 // l1_size
	l1Off           int64
	refcountOff     uint64 // refcount_table_offset
	refcountLen     uint32 // refcount_table_clusters
	snapshots       uint32 // nb_snapshots
	snapshotsOff    int64
	incompatible    uint64
	autoclear       uint64
	refcountBits    uint32 // refcount_order
	length          uint32 // header_length
	compressionType uint8

	backing       string
	backingFormat string
	dataFile      string
	bitmaps       []byte           // the header extension of the bitmaps, as stored
	featureNames  map[uint8]string // of incompatible features, by bit
}

func (h *header) clusterSize() int64 { return 1 << h.clusterBits }

// entrySize is that of an L2 entry in bytes.
func (h *header) entrySize() int64 {
	if h.extended() {
		return 16
	}
	return 8
}

func (h *header) extended() bool { return h.incompatible&incompatExtendedL2 != 0 }

// coverage is how many guest bytes one L2 table, which fills a cluster, describes.
func (h *header) coverage() int64 { return h.clusterSize() / h.entrySize() << h.clusterBits }

func (h *header) compressionName() string {
	if h.compressionType == compressionZstd {
		return "zstd"
	}
	return "zlib"
}

func readHeader(r io.ReaderAt, size int64) (*header, error) {
	if size < headerSize2 {
		return nil, binread.Corrupt("file has %d bytes, want a header of at least %d", size, headerSize2)
	}
	b, err := binread.ReadAt(r, 0, min(size, headerSizeType), headerSizeType)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	h, err := decodeHeader(b)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if err := h.validate(); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if err := h.readExtensions(r, size); err != nil {
		return nil, err
	}
	if err := h.checkFeatures(); err != nil {
		return nil, err
	}
	return h, h.checkTable(table{h.l1Off, int64(h.l1Entries), h.size}, size)
}

func decodeHeader(b []byte) (*header, error) {
	c := binread.Big(b)
	h := &header{version: c.At(4).U32()}
	if h.version != 2 && h.version != 3 {
		err := binread.Unsupported("version %d, want 2 or 3", h.version)
		if h.version == 1 {
			err = binread.WithHint(err, "convert the image: qemu-img convert -O qcow2 OLD NEW")
		}
		return nil, err
	}
	h.backingOff, h.backingLen = c.U64(), c.U32()
	h.clusterBits = c.U32()
	h.size = int64(c.U64())
	h.crypt = c.U32()
	h.l1Entries, h.l1Off = c.U32(), int64(c.U64())
	h.refcountOff, h.refcountLen = c.U64(), c.U32()
	h.snapshots, h.snapshotsOff = c.U32(), int64(c.U64())
	h.refcountBits, h.length = 4, headerSize2
	if h.version == 2 {
		return h, c.Err()
	}
	h.incompatible = c.U64()
	c.Skip(8) // compatible_features do not matter for reading
	h.autoclear = c.U64()
	h.refcountBits, h.length = c.U32(), c.U32()
	if h.length >= headerSizeType {
		h.compressionType = c.U8()
	}
	return h, c.Err()
}

func (h *header) validate() error {
	switch {
	case h.clusterBits < minClusterBits || h.clusterBits > maxClusterBits:
		return binread.Corrupt("at 0x14: cluster bits %d, want %d to %d", h.clusterBits, minClusterBits, maxClusterBits)
	case h.size < 0:
		return binread.Corrupt("at 0x18: virtual size %#x, want less than 2^63", uint64(h.size))
	case h.crypt > 2:
		return binread.Unsupported("at 0x20: encryption method %d, want 0 to 2", h.crypt)
	case h.refcountBits > maxRefcountBits:
		return binread.Corrupt("at 0x60: refcount order %d, want at most %d", h.refcountBits, maxRefcountBits)
	case h.version == 3 && (h.length < headerSize3 || h.length%8 != 0):
		return binread.Corrupt("at 0x64: header length %d, want a multiple of 8, at least %d", h.length, headerSize3)
	case int64(h.length) > h.clusterSize():
		return binread.Corrupt("at 0x64: header length %d, want at most a cluster of %d", h.length, h.clusterSize())
	case h.backingLen > maxBackingName:
		return binread.Corrupt("at 0x10: backing file name of %d bytes, want at most %d", h.backingLen, maxBackingName)
	case h.backingLen > 0 && h.backingOff == 0:
		return binread.Corrupt("at 0x8: backing file name of %d bytes at 0, want an offset", h.backingLen)
	case h.backingOff > uint64(h.clusterSize()) || h.backingOff > 0 && h.backingOff < uint64(h.length) ||
		uint64(h.backingLen) > uint64(h.clusterSize())-h.backingOff:
		return binread.Corrupt("at 0x8: backing file name of %d bytes at %#x, want it behind the header in a cluster of %d",
			h.backingLen, h.backingOff, h.clusterSize())
	}
	return nil
}

// checkFeatures refuses what cannot be read, after the extensions gave names to it.
func (h *header) checkFeatures() error {
	if unknown := h.incompatible &^ incompatKnown; unknown != 0 {
		return binread.WithHint(binread.Unsupported("header: at 0x48: incompatible features %s", h.nameFeatures(unknown)),
			"a newer guestctl may read it, or qemu-img convert it")
	}
	zstd := h.compressionType != compressionZlib
	switch {
	case h.crypt != 0:
		return binread.WithHint(binread.Encrypted("header: at 0x20: the image is encrypted (%s)", cryptNames[h.crypt]),
			"decrypt a copy with its passphrase: qemu-img convert --object secret,… --image-opts driver=qcow2,…")
	case h.compressionType > compressionZstd:
		return binread.Unsupported("header: at 0x68: compression type %d, want 0 (zlib) or 1 (zstd)", h.compressionType)
	case zstd != (h.incompatible&incompatCompression != 0):
		return binread.Corrupt("header: at 0x68: compression type %d contradicts incompatible features %#x",
			h.compressionType, h.incompatible)
	case h.extended() && h.clusterBits < minExtendedBits:
		return binread.Corrupt("header: at 0x14: extended L2 entries with cluster bits %d, want at least %d",
			h.clusterBits, minExtendedBits)
	case h.incompatible&incompatDataFile != 0 && h.dataFile == "":
		return binread.Unsupported("header: the data is in another file that the image does not name")
	}
	return nil
}

var cryptNames = [...]string{"none", "AES", "LUKS"}

func (h *header) nameFeatures(bits uint64) string {
	var names []string
	for bit := range uint8(64) {
		if bits>>bit&1 == 0 {
			continue
		}
		name := fmt.Sprintf("bit %d", bit)
		if s, ok := h.featureNames[bit]; ok {
			name += fmt.Sprintf(" (%q)", s)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// checkTable says whether an L1 table lies in the file and describes the whole virtual disk.
func (h *header) checkTable(t table, fileSize int64) error {
	need := (t.size-1)/h.coverage() + 1
	if t.size == 0 {
		need = 0
	}
	switch {
	case t.size < 0:
		return binread.Corrupt("virtual size %#x, want less than 2^63", uint64(t.size))
	case t.entries > maxL1:
		return binread.Limit("L1 table of %d entries, want at most %d", t.entries, maxL1)
	case t.entries < need:
		return binread.Corrupt("L1 table of %d entries, want %d for a virtual size of %d", t.entries, need, t.size)
	case t.entries > 0 && (t.off <= 0 || t.off&(h.clusterSize()-1) != 0):
		return binread.Corrupt("L1 table at %#x, want a multiple of %#x", t.off, h.clusterSize())
	case t.entries > 0 && t.entries*8 > fileSize-t.off:
		return binread.Corrupt("L1 table of %d entries at %#x, want it inside of a file of %d bytes", t.entries, t.off, fileSize)
	}
	return nil
}

// problems are what the header says of the image without making it unreadable.
func (h *header) problems(fileSize int64) []string {
	var p []string
	if h.incompatible&incompatDirty != 0 {
		p = append(p, "the dirty bit is set: the image was not closed and its reference counts may be wrong")
	}
	if h.incompatible&incompatCorrupt != 0 {
		p = append(p, "the corrupt bit is set: QEMU found damage in the image")
	}
	if off, n := int64(h.refcountOff), int64(h.refcountLen)<<h.clusterBits; off <= 0 || off&(h.clusterSize()-1) != 0 ||
		n > fileSize-off {
		p = append(p, fmt.Sprintf("the reference count table of %d bytes at %#x does not lie in the file", n, h.refcountOff))
	}
	return p
}
