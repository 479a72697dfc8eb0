package btrfs

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
)

// regular is an extent item with right values, which a test makes wrong.
func regular(change func(b []byte)) []byte {
	b := make([]byte, extentSize)
	put := binary.LittleEndian.PutUint64
	put(b[8:], 8192)
	b[20] = extentRegular
	put(b[21:], 1<<20)
	put(b[29:], 8192)
	put(b[45:], 8192)
	change(b)
	return b
}

func TestHostileExtents(t *testing.T) {
	put := binary.LittleEndian.PutUint64
	for name, test := range map[string]struct {
		at   uint64
		b    []byte
		want error
	}{
		"as it should be":                   {0, regular(func([]byte) {}), nil},
		"cut":                               {0, regular(func([]byte) {})[:40], binread.ErrCorrupt},
		"nothing":                           {0, nil, binread.ErrCorrupt},
		"content behind 2^63":               {1 << 63, regular(func([]byte) {}), binread.ErrCorrupt},
		"content up to behind 2^63":         {math.MaxInt64 - 5, regular(func([]byte) {}), binread.ErrCorrupt},
		"no bytes":                          {0, regular(func(b []byte) { put(b[45:], 0) }), binread.ErrCorrupt},
		"more bytes than there are":         {0, regular(func(b []byte) { put(b[45:], 8193) }), binread.ErrCorrupt},
		"an offset that overflows":          {0, regular(func(b []byte) { put(b[37:], 1<<64-1) }), binread.ErrCorrupt},
		"a form that there is not":          {0, regular(func(b []byte) { b[20] = 3 }), binread.ErrCorrupt},
		"compression that there is not":     {0, regular(func(b []byte) { b[16] = 4 }), binread.ErrUnsupported},
		"encryption":                        {0, regular(func(b []byte) { b[17] = 1 }), binread.ErrUnsupported},
		"compressed from 2^60 bytes":        {0, regular(func(b []byte) { b[16] = packZstd; put(b[8:], 1<<60) }), binread.ErrLimit},
		"compressed to 2^60 bytes":          {0, regular(func(b []byte) { b[16] = packZlib; put(b[29:], 1<<60) }), binread.ErrLimit},
		"compressed and used from behind":   {0, regular(func(b []byte) { b[16] = packLZO; put(b[37:], 4096) }), binread.ErrCorrupt},
		"in the item, and 2^40 bytes":       {0, regular(func(b []byte) { b[20] = extentInline; put(b[8:], 1<<40) }), binread.ErrCorrupt},
		"in the item, and more than it has": {0, regular(func(b []byte) { b[20] = extentInline; put(b[8:], 33) }), binread.ErrCorrupt},
	} {
		if _, err := decodeExtent(key{257, kindExtent, test.at}, test.b); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestHostileCompression(t *testing.T) {
	f := openBytes(t, image(t, "log"))
	for name, test := range map[string]struct {
		packing uint8
		b       string
	}{
		"zlib of nothing":                       {packZlib, ""},
		"zlib that is noise":                    {packZlib, "\x78\x9c\xff\xff\xff\xff"},
		"zstd of nothing":                       {packZstd, ""},
		"zstd that is noise":                    {packZstd, "\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"},
		"lzo of nothing":                        {packLZO, ""},
		"lzo that is longer than its extent":    {packLZO, "\xff\xff\x00\x00\x01\x00\x00\x00\x11"},
		"lzo with a piece behind its end":       {packLZO, "\x0c\x00\x00\x00\xff\xff\xff\x7f\x11\x00\x00\x00"},
		"lzo with a piece of nothing":           {packLZO, "\x08\x00\x00\x00\x00\x00\x00\x00"},
		"lzo that copies from before its start": {packLZO, "\x0e\x00\x00\x00\x06\x00\x00\x00\x12a\xff\xff\xff\xff"},
	} {
		if err := f.unpack(test.packing, []byte(test.b), make([]byte, 8192)); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("%s: %v, want corrupt", name, err)
		}
	}
}

func TestHostileNames(t *testing.T) {
	item := func(valueSize, nameSize uint16, rest string) []byte {
		b := make([]byte, entryHeader)
		binary.LittleEndian.PutUint16(b[25:], valueSize)
		binary.LittleEndian.PutUint16(b[27:], nameSize)
		return slices.Concat(b, []byte(rest))
	}
	for name, b := range map[string][]byte{
		"cut":                item(0, 1, "")[:20],
		"no name":            item(0, 0, ""),
		"a name behind it":   item(0, 5, "four"),
		"a value behind it":  item(3, 4, "four12"),
		"a name of 300":      item(0, 300, strings.Repeat("n", 300)),
		"a second that ends": append(item(0, 1, "n"), 1, 2, 3),
	} {
		if err := eachName(b, func(entry) error { return nil }); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("%s: %v, want corrupt", name, err)
		}
	}
}
