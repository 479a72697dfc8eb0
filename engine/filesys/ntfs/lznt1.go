package ntfs

import (
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
)

const chunkSize = 4 << 10 // bytes that are compressed together

// expandLZNT1 fills dst with what src is when it is uncompressed, and zeros behind that.
func expandLZNT1(dst, src []byte) error {
	for len(dst) > 0 && len(src) >= 2 {
		c := binread.Little(src)
		header := c.U16()
		if header == 0 {
			break
		}
		length := int(header&0xfff) + 1
		if src = src[2:]; length > len(src) {
			return binread.Corrupt("a compressed chunk of %d bytes, and %d are left", length, len(src))
		}
		chunk := dst[:min(chunkSize, len(dst))]
		if header&0x8000 == 0 {
			clear(chunk[copy(chunk, src[:length]):])
		} else if err := expandChunk(chunk, src[:length]); err != nil {
			return err
		}
		dst, src = dst[len(chunk):], src[length:]
	}
	clear(dst)
	return nil
}

// expandChunk expands groups of eight literals or pairs, each after a byte that says which is which.
func expandChunk(dst, src []byte) error {
	at := 0
	for len(src) > 0 {
		tags := src[0]
		src = src[1:]
		for i := 0; i < 8 && len(src) > 0; i++ {
			if tags>>i&1 == 0 {
				if at == len(dst) {
					return binread.Corrupt("a compressed chunk holds more than %d bytes", len(dst))
				}
				dst[at] = src[0]
				at, src = at+1, src[1:]
				continue
			}
			if len(src) < 2 || at == 0 {
				return binread.Corrupt("a compressed chunk ends or begins with half a pair")
			}
			c := binread.Little(src)
			pair := c.U16()
			src = src[2:]
			// the farther into the chunk, the more bits are for the distance
			lengthBits := 16 - max(4, bits.Len(uint(at-1)))
			distance, length := int(pair>>lengthBits)+1, int(pair&(1<<lengthBits-1))+3
			if distance > at || length > len(dst)-at {
				return binread.Corrupt("%d compressed bytes from %d before %d", length, distance, at)
			}
			for range length {
				dst[at] = dst[at-distance]
				at++
			}
		}
	}
	clear(dst[at:])
	return nil
}
