package erofs

import (
	"bytes"
	"encoding/hex"
	"hash/crc32"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	superOff  = 1024 // bytes
	superSize = 144  // bytes, with all fields that are known
	magic     = "\xe2\xe1\xf5\xe0"

	minBlockLog = 9
	maxBlockLog = 16
	inodeLog    = 5 // of the distance of inodes
	maxSize     = 1<<62 - 1

	inMetabox = 1 << 63 // flag of the number of an inode: it is in the packed metadata
)

// The features that a reader may leave alone, and those it may not.
const (
	hasChecksum      = 1 << 0
	hasSharedInBox   = 1 << 3
	hasPlainPrefixes = 1 << 4

	hasPadding   = 1 << 0 // packed clusters have their zeros in front
	hasConfigs   = 1 << 1
	hasDevices   = 1 << 3
	hasFragments = 1 << 5
	hasPrefixes  = 1 << 6
	has48Bit     = 1 << 7
	hasMetabox   = 1 << 8
	incompatible = hasMetabox<<1 - 1
)

type superblock struct {
	checksum         uint32
	compat, incompat uint32
	blockLog         uint8
	root             uint64 // number of an inode
	epoch            int64  // seconds
	fixedNano        uint32 // nanoseconds of compact inodes
	size             int64  // bytes
	metaOff          int64  // bytes: where the inode 0 is
	xattrOff         int64  // bytes: where shared attributes are
	uuid, label      string
	codecs           uint16 // a bit for each
	extraDevices     uint16
	deviceSlot       uint16
	prefixCount      uint8
	prefixOff        int64 // bytes
	packedInode      uint64
	metaboxInode     uint64
}

func (s *superblock) blockSize() int64 { return 1 << s.blockLog }

func readSuperblock(r io.ReaderAt) (superblock, error) {
	b := make([]byte, superSize)
	if err := binread.Fill(r, b, superOff); err != nil {
		return superblock{}, err
	}
	return decodeSuperblock(b)
}

func decodeSuperblock(b []byte) (superblock, error) {
	c := binread.Little(b)
	found := string(c.Bytes(len(magic)))
	s := superblock{checksum: c.U32(), compat: c.U32(), blockLog: c.U8()}
	extensions := c.U8()
	rootOrHigh := uint64(c.U16())
	c.Skip(8) // how many inodes there are
	s.epoch, s.fixedNano = int64(c.U64()), c.U32()
	blocks := uint64(c.U32())
	meta, xattr := int64(c.U32()), int64(c.U32())
	s.uuid, s.label = uuidText(c.Bytes(16)), text(c.Bytes(16))
	s.incompat, s.codecs, s.extraDevices, s.deviceSlot = c.U32(), c.U16(), c.U16(), c.U16()
	dirBlockLog := c.U8()
	s.prefixCount, s.prefixOff = c.U8(), int64(c.U32())<<2
	s.packedInode = c.U64()
	wideRoot := c.At(112).U64()
	s.metaboxInode = c.At(128).U64()
	s.root = rootOrHigh
	if s.incompat&has48Bit != 0 && wideRoot != 0 {
		s.root, blocks = wideRoot, blocks|rootOrHigh<<32
	}
	switch {
	case c.Err() != nil:
		return s, c.Err()
	case found != magic:
		return s, binread.Corrupt("magic %q, want %q", found, magic)
	case s.blockLog < minBlockLog || s.blockLog > maxBlockLog:
		return s, binread.Corrupt("blocks of 2^%d bytes, want 2^%d to 2^%d", s.blockLog, minBlockLog, maxBlockLog)
	case s.incompat&^incompatible != 0:
		return s, binread.Unsupported("features %#x, want none but %#x", s.incompat, incompatible)
	case dirBlockLog != 0:
		return s, binread.Unsupported("directories in blocks of 2^%d blocks, want single ones", dirBlockLog)
	case blocks > maxSize>>s.blockLog:
		return s, binread.Limit("%d blocks, want at most %d", blocks, int64(maxSize>>s.blockLog))
	case s.incompat&hasMetabox != 0 && extensions == 0:
		return s, binread.Corrupt("packed metadata, and a superblock too short to say where")
	}
	if s.incompat&hasConfigs == 0 { // then the field is the window of lz4, the only one there was
		s.codecs = 1 << codecLZ4
	}
	s.size, s.metaOff, s.xattrOff = int64(blocks<<s.blockLog), meta<<s.blockLog, xattr<<s.blockLog
	return s, nil
}

// checkSuperblock holds the superblock, and what follows in its block, against its checksum.
func checkSuperblock(r io.ReaderAt, s *superblock) error {
	if s.compat&hasChecksum == 0 {
		return nil
	}
	n := s.blockSize()
	if n > superOff {
		n -= superOff
	}
	b, err := binread.ReadAt(r, superOff, n, 1<<maxBlockLog)
	if err != nil {
		return err
	}
	clear(b[4:8])
	// CRC-32C as erofs has it is not inverted at its end.
	if sum := ^crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)); sum != s.checksum {
		return binread.Checksum("checksum %#08x, want %#08x", s.checksum, sum)
	}
	return nil
}

// compatNames and incompatNames are what dump.erofs calls the features, in the order of their bits.
var (
	compatNames   = [...]string{"sb_csum", "mtime", "xattr_filter", "shared_ea_in_metabox", "plain_xattr_pfx", "ishare_xattrs"}
	incompatNames = [...]string{
		"lz4_0padding", "compr_cfgs", "chunked_file", "device_table", "ztailpacking", "fragments", "xattr_prefixes", "48bit", "metabox",
	}
)

// features are what the bits say, and the codecs. Some bits have two meanings: what is not there is not named.
func (s *superblock) features() []string {
	var list []string
	for i, name := range compatNames {
		if s.compat&(1<<i) != 0 {
			list = append(list, name)
		}
	}
	for i, name := range incompatNames {
		if s.incompat&(1<<i) != 0 && (1<<i != hasDevices || s.extraDevices > 0) {
			list = append(list, name)
		}
	}
	if s.incompat&hasConfigs == 0 {
		return list
	}
	for c := range codec(16) {
		if s.codecs&(1<<c) != 0 {
			list = append(list, c.String())
		}
	}
	return list
}

// uuidText is a UUID as blkid(8) writes it, or "" where there is none.
func uuidText(b []byte) string {
	if len(b) != 16 || bytes.Equal(b, make([]byte, 16)) {
		return ""
	}
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// text is what stands in front of the first zero.
func text(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b)
}
