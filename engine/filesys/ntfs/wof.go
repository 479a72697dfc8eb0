package ntfs

import (
	"bytes"
	"fmt"
	"io"

	"github.com/Microsoft/go-winio/wim/lzx"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	tagWOF = 0x80000017

	wofStream = "WofCompressedData" // of a file that WOF compressed itself; Windows shows it to nobody

	wofInFile = 2 // the provider; 1 has the content in a WIM

	maxWOFTable = 64 << 20 // bytes of offsets: 64 GiB in chunks of 4 KiB
)

// wofMethod is a way to compress that FILE_PROVIDER_EXTERNAL_INFO names.
type wofMethod struct {
	name   string
	chunk  int64 // bytes that are compressed together
	expand func(dst, src []byte) error
}

// wofMethodOf returns a method by its number: [MS-FSCC] and wofapi.h have XPRESS of three sizes and LZX.
func wofMethodOf(number uint32) (wofMethod, error) {
	switch number {
	case 0:
		return wofMethod{"XPRESS4K", 4 << 10, expandXPRESS}, nil
	case 1:
		return wofMethod{"LZX", 32 << 10, expandLZX}, nil
	case 2:
		return wofMethod{"XPRESS8K", 8 << 10, expandXPRESS}, nil
	case 3:
		return wofMethod{"XPRESS16K", 16 << 10, expandXPRESS}, nil
	}
	return wofMethod{}, binread.Unsupported("compressed by WOF with method %d, want 0 to 3", number)
}

// openWOF opens what the reparse data of WOF says where it is.
func (f *FS) openWOF(of *node, data []byte) (filesys.File, error) {
	c := binread.Little(data)
	version, provider, fileVersion, number := c.U32(), c.U32(), c.U32(), c.U32()
	switch {
	case c.Err() != nil:
		return nil, binread.Corrupt("reparse data of WOF of %d bytes, want at least 16", len(data))
	case version != 1:
		return nil, binread.Unsupported("reparse data of WOF in version %d, want 1", version)
	case provider != wofInFile:
		return nil, binread.Unsupported("the content is kept elsewhere: in an archive of Windows images (WIM)")
	case fileVersion != 1:
		return nil, binread.Unsupported("compressed by WOF in version %d, want 1", fileVersion)
	}
	method, err := wofMethodOf(number)
	if err != nil {
		return nil, err
	}
	s, packed := of.stream(typeData, ""), of.stream(typeData, wofStream)
	switch {
	case s == nil:
		return nil, binread.Corrupt("compressed by WOF, and without content")
	case packed == nil && s.length() > 0:
		return nil, binread.Corrupt("compressed by WOF, and without the stream %s", wofStream)
	case packed == nil:
		return resident{bytes.NewReader(nil)}, nil
	}
	raw, err := f.open(packed)
	if err != nil {
		return nil, err
	}
	return newWOF(raw, s.length(), method, of.number)
}

// wof is a file in chunks: the offsets of all but the first, counted from behind themselves, and the chunks. One that is as long as what
// it holds is stored as it is.
type wof struct {
	raw    filesys.File
	size   int64 // bytes of the content
	method wofMethod
	chunks int64
	width  int64 // bytes of an offset
}

func newWOF(raw filesys.File, size int64, method wofMethod, number uint64) (filesys.File, error) {
	w := &wof{raw: raw, size: size, method: method, chunks: (size-1)/method.chunk + 1, width: 4}
	if size > 1<<32-1 {
		w.width = 8
	}
	if size == 0 {
		return resident{bytes.NewReader(nil)}, nil
	}
	if w.table() > raw.Size() || w.table() > maxWOFTable {
		return nil, binread.Corrupt("%d bytes in %d compressed ones, whose table alone has %d", size, raw.Size(), w.table())
	}
	return &units{
		where: fmt.Sprintf("ntfs: node %d: %s", number, method.name), size: size, valid: size, unit: method.chunk, read: w.read,
		cache: binread.NewCache(unitsKept),
	}, nil
}

// table is how long the table of offsets is, in bytes.
func (w *wof) table() int64 { return (w.chunks - 1) * w.width }

// offset is where a chunk begins, behind the table.
func (w *wof) offset(number int64) (int64, error) {
	if number == 0 {
		return 0, nil
	}
	if number == w.chunks {
		return w.raw.Size() - w.table(), nil
	}
	b := make([]byte, w.width)
	if n, err := w.raw.ReadAt(b, (number-1)*w.width); n < len(b) {
		return 0, binread.Corrupt("offset of chunk %d: %w", number, err)
	}
	c := binread.Little(b)
	if w.width == 8 {
		return int64(c.U64()), nil
	}
	return int64(c.U32()), nil
}

// read returns a chunk, uncompressed.
func (w *wof) read(number int64) ([]byte, error) {
	first, err := w.offset(number)
	if err != nil {
		return nil, err
	}
	end, err := w.offset(number + 1)
	if err != nil {
		return nil, err
	}
	chunk := make([]byte, min(w.method.chunk, w.size-number*w.method.chunk))
	if first < 0 || end < first || end > w.raw.Size()-w.table() || end-first > int64(len(chunk)) {
		return nil, binread.Corrupt("chunk %d is from %d to %d, want at most %d bytes of %d", number, first, end, len(chunk), w.raw.Size()-w.table())
	}
	packed := make([]byte, end-first)
	if n, err := w.raw.ReadAt(packed, w.table()+first); n < len(packed) {
		return nil, binread.Corrupt("chunk %d: %w", number, err)
	}
	if len(packed) == len(chunk) {
		return packed, nil
	}
	if err := w.method.expand(chunk, packed); err != nil {
		return nil, fmt.Errorf("chunk %d: %w", number, err)
	}
	return chunk, nil
}

// expandLZX is LZX as WIM has it. The library panics at some of what is damaged.
func expandLZX(dst, src []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = binread.Corrupt("LZX: %v", p)
		}
	}()
	r, err := lzx.NewReader(bytes.NewReader(src), len(dst))
	if err != nil {
		return binread.Corrupt("LZX: %w", err)
	}
	if _, err := io.ReadFull(r, dst); err != nil {
		return binread.Corrupt("LZX: %w", err)
	}
	return nil
}
