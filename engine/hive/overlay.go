package hive

import (
	"errors"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

// sector is the unit of what logs replace, in bytes.
const sector = 512

// overlay is what logs put over a file.
type overlay struct {
	sectors map[int64][]byte // by their number in the file
	end     int64            // where the last of them ends
}

// put places b, whole sectors, at off of the file.
func (o *overlay) put(off int64, b []byte) {
	if o.sectors == nil {
		o.sectors = map[int64][]byte{}
	}
	for ; len(b) >= sector; b, off = b[sector:], off+sector {
		o.sectors[off/sector] = b[:sector]
		o.end = max(o.end, off+sector)
	}
}

// readAt fills b with the bytes at off, from the file where nothing is put over it.
func (o *overlay) readAt(file io.ReaderAt, b []byte, off int64) (int, error) {
	if len(o.sectors) == 0 {
		return file.ReadAt(b, off)
	}
	var doubt error
	for done := 0; done < len(b); {
		n, err := o.step(file, b[done:], off+int64(done))
		done += n
		if errors.Is(err, binread.ErrChecksum) {
			doubt, err = err, nil
		}
		if err != nil || n == 0 {
			return done, err
		}
	}
	return len(b), doubt
}

// step reads up to the end of a sector.
func (o *overlay) step(file io.ReaderAt, b []byte, off int64) (int, error) {
	within := off % sector
	b = b[:min(int64(len(b)), sector-within)]
	if s, ok := o.sectors[off/sector]; ok {
		return copy(b, s[within:]), nil
	}
	n, err := file.ReadAt(b, off)
	if n == len(b) && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}
