package ntfs

import "github.com/guestctl/guestctl/engine/binread"

const (
	xpressSymbols   = 512
	xpressTableSize = xpressSymbols / 2 // bytes: two lengths of codes in each
	xpressMaxLength = 15                // bits of a code
)

// expandXPRESS fills dst with what src is when it is uncompressed ([MS-XCA] 2.2: LZ77 with Huffman codes, of which a chunk has one table).
func expandXPRESS(dst, src []byte) error {
	if len(src) < xpressTableSize {
		return binread.Corrupt("a compressed chunk of %d bytes, want at least %d", len(src), xpressTableSize)
	}
	codes, err := decodeXPRESSTable(src[:xpressTableSize])
	if err != nil {
		return err
	}
	in := xpressInput{rest: src[xpressTableSize:]}
	in.start()
	for at := 0; at < len(dst); {
		symbol := in.symbol(codes)
		if in.short {
			return binread.Corrupt("a compressed chunk ends after %d of %d bytes", at, len(dst))
		}
		if symbol < 256 {
			dst[at] = byte(symbol)
			at++
			continue
		}
		length := in.length(int(symbol & 15))
		distanceBits := int(symbol-256) >> 4
		distance := 1<<distanceBits + int(in.take(distanceBits))
		if in.short || distance > at || length > len(dst)-at {
			return binread.Corrupt("%d compressed bytes from %d before %d of %d", length, distance, at, len(dst))
		}
		for range length {
			dst[at] = dst[at-distance]
			at++
		}
	}
	return nil
}

// xpressCodes finds a symbol by the next 15 bits, whatever follows its code: its length stands in the low four bits.
type xpressCodes []uint16

// decodeXPRESSTable makes canonical codes of their lengths.
func decodeXPRESSTable(b []byte) (xpressCodes, error) {
	codes := make(xpressCodes, 0, 1<<xpressMaxLength)
	for length := byte(1); length <= xpressMaxLength; length++ {
		for symbol := range uint16(xpressSymbols) {
			if b[symbol/2]>>(4*(symbol%2))&15 != length {
				continue
			}
			if 1<<(xpressMaxLength-length) > cap(codes)-len(codes) {
				return nil, binread.Corrupt("a table of codes for more symbols than their lengths allow")
			}
			for range 1 << (xpressMaxLength - length) {
				codes = append(codes, symbol<<4|uint16(length))
			}
		}
	}
	if len(codes) < cap(codes) {
		return nil, binread.Corrupt("a table of codes with a part that means nothing")
	}
	return codes, nil
}

// xpressInput reads bits, sixteen of which are always there before they are needed, and bytes from behind those.
type xpressInput struct {
	rest  []byte
	bits  uint32
	extra int  // bits that are there beyond sixteen
	made  int  // bits that were made up behind the end
	short bool // more was read than there is
}

func (in *xpressInput) start() {
	in.bits = uint32(in.word())<<16 | uint32(in.word())
	in.extra = 16
}

// word reads two bytes. Behind the end are zeros: bits are there ahead of need, and those of the end are needed by nobody.
func (in *xpressInput) word() uint16 {
	if len(in.rest) < 2 {
		in.rest = nil
		in.made += 16
		return 0
	}
	w := uint16(in.rest[0]) | uint16(in.rest[1])<<8
	in.rest = in.rest[2:]
	return w
}

func (in *xpressInput) symbol(codes xpressCodes) uint16 {
	entry := codes[in.bits>>(32-xpressMaxLength)]
	in.take(int(entry & 15))
	return entry >> 4
}

// take consumes up to fifteen bits.
func (in *xpressInput) take(n int) uint32 {
	v := in.bits >> (32 - n) // 0 of none
	in.bits <<= n
	if in.extra -= n; in.extra < 0 {
		in.bits |= uint32(in.word()) << -in.extra
		in.extra += 16
	}
	in.short = in.short || in.extra+16 < in.made
	return v
}

// length reads the length of a match whose short form is given.
func (in *xpressInput) length(short int) int {
	const longest, least = 15, 3
	if short < longest {
		return short + least
	}
	n := in.number(1)
	if n < 255 {
		return n + longest + least
	}
	if n = in.number(2); n == 0 {
		n = in.number(4)
	}
	if n < longest {
		in.short = true
	}
	return n + least
}

func (in *xpressInput) number(size int) (n int) {
	if len(in.rest) < size {
		in.short = true
		return 0
	}
	for i := range size {
		n |= int(in.rest[i]) << (8 * i)
	}
	in.rest = in.rest[size:]
	return n
}
