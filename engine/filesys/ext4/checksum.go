package ext4

import "hash/crc32"

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	arc        = makeARC()
	ieeeBE     = makeIEEEBE()
	zeros      [8]byte
)

// crc32c continues a sum as the kernel does: without inverting before and after.
func crc32c(sum uint32, b []byte) uint32 {
	return ^crc32.Update(^sum, castagnoli, b)
}

// crc32cU32 continues a sum over a number as it is stored on disk.
func crc32cU32(sum, v uint32) uint32 {
	for range 4 {
		sum = castagnoli[byte(sum)^byte(v)] ^ sum>>8
		v >>= 8
	}
	return sum
}

// crc32cU64 is crc32cU32 for eight bytes.
func crc32cU64(sum uint32, v uint64) uint32 {
	return crc32cU32(crc32cU32(sum, uint32(v)), uint32(v>>32))
}

// crc16 is the sum of group descriptors before metadata_csum: polynomial 0x8005, reflected, not inverted.
func crc16(sum uint16, b []byte) uint16 {
	for _, v := range b {
		sum = sum>>8 ^ arc[byte(sum)^v]
	}
	return sum
}

func makeARC() (table [256]uint16) {
	for i := range table {
		v := uint16(i)
		for range 8 {
			v = v>>1 ^ 0xa001*(v&1)
		}
		table[i] = v
	}
	return table
}

// crc32BE is the sum of the journal's first checksums: polynomial 0x04c11db7, highest bit first, not inverted.
func crc32BE(sum uint32, b []byte) uint32 {
	for _, v := range b {
		sum = sum<<8 ^ ieeeBE[byte(sum>>24)^v]
	}
	return sum
}

func makeIEEEBE() (table [256]uint32) {
	for i := range table {
		v := uint32(i) << 24
		for range 8 {
			v = v<<1 ^ 0x04c11db7*(v>>31)
		}
		table[i] = v
	}
	return table
}
