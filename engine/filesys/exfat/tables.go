package exfat

import (
	"errors"
	"io"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxCapitals = 2 << 16  // bytes of the table of capital letters
	maxBitmap   = 64 << 20 // bytes that are counted
	bitmapPiece = 64 << 10

	sameFollow = 0xffff // in the table of capital letters: so many that follow have no other case
)

// readCapitals reads the table of capital letters (7.2). Without one that is whole, A to Z have two cases.
func (f *FS) readCapitals(e *entry) {
	f.capitals = map[rune]rune{}
	for r := 'a'; r <= 'z'; r++ {
		f.capitals[r] = r - 'a' + 'A'
	}
	if e == nil {
		f.problem(false, "there is no table of capital letters")
		return
	}
	c := binread.Little(e.raw)
	want := c.At(4).U32()
	p := place{start: c.At(20).U32(), length: int64(c.U64())}
	b, err := f.table(p, maxCapitals)
	if err == nil {
		sum := uint32(0)
		for _, v := range b {
			sum = sum<<31 | sum>>1
			sum += uint32(v)
		}
		if sum != want {
			err = binread.Checksum("its checksum is %#08x, want %#08x", sum, want)
		}
	}
	if err != nil {
		f.problem(false, "table of capital letters: %v", err)
		return
	}
	f.capitals = decodeCapitals(b)
}

func decodeCapitals(b []byte) map[rune]rune {
	capitals := map[rune]rune{}
	c := binread.Little(b)
	for r := rune(0); c.Len() >= 2 && r < 1<<16; {
		capital := rune(c.U16())
		if capital == sameFollow && c.Len() >= 2 {
			r += rune(c.U16())
			continue
		}
		if capital != r && !utf16.IsSurrogate(capital) && !utf16.IsSurrogate(r) {
			capitals[r] = capital
		}
		r++
	}
	return capitals
}

// table reads what a place holds.
func (f *FS) table(p place, limit int64) ([]byte, error) {
	if p.length < 0 || p.length > limit {
		return nil, binread.Limit("%d bytes, want at most %d", p.length, limit)
	}
	b := make([]byte, p.length)
	if n, err := f.content("table", p).ReadAt(b, 0); n < len(b) && err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}

// readBitmap counts the clusters that are free (7.1).
func (f *FS) readBitmap(e *entry) {
	if e == nil {
		f.problem(false, "there is no allocation bitmap")
		return
	}
	c := binread.Little(e.raw)
	p := place{start: c.At(20).U32(), length: int64(c.U64())}
	want := (int64(f.boot.clusters) + 7) / 8
	switch {
	case p.length < want:
		f.problem(false, "the allocation bitmap has %d bytes, want %d", p.length, want)
		return
	case want > maxBitmap:
		return
	}
	p.length = want
	content, used := f.content("allocation bitmap", p), int64(0)
	b := make([]byte, min(want, bitmapPiece))
	for off := int64(0); off < want; off += int64(len(b)) {
		b = b[:min(int64(len(b)), want-off)]
		if n, err := content.ReadAt(b, off); n < len(b) {
			f.problem(false, "%v", err)
			return
		}
		if rest := f.boot.clusters % 8; rest != 0 && off+int64(len(b)) == want {
			b[len(b)-1] &= 1<<rest - 1
		}
		for _, v := range b {
			used += int64(bits.OnesCount8(v))
		}
	}
	f.free = (int64(f.boot.clusters) - used) * f.boot.clusterSize()
}

// fold writes a name in capital letters: names that differ in their case alone are one name.
func (f *FS) fold(name string) string {
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:]) // one byte where there is no rune
		if capital, ok := f.capitals[r]; ok {
			b = append(b, string(capital)...)
		} else {
			b = append(b, name[i:i+n]...)
		}
		i += n
	}
	return string(b)
}
