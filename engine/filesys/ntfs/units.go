package ntfs

import (
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

const unitsKept = 4 // of each open file

// units is content that is expanded a unit at a time.
type units struct {
	where string // begins its errors
	size  int64  // bytes
	valid int64  // bytes that were written; what is behind them is zeros
	unit  int64  // bytes of each but the last, which may be shorter
	read  func(number int64) ([]byte, error)
	cache *binread.Cache
}

// Size is the length of the content in bytes.
func (u *units) Size() int64 { return u.size }

// ReadAt reads the content.
func (u *units) ReadAt(p []byte, off int64) (done int, err error) {
	if off < 0 {
		return 0, binread.Corrupt("offset %d, want not negative", off)
	}
	for done < len(p) {
		at := off + int64(done)
		if at >= u.size {
			return done, io.EOF
		}
		b := p[done:]
		b = b[:min(int64(len(b)), u.size-at)]
		if at >= u.valid {
			clear(b)
			done += len(b)
			continue
		}
		unit, err := u.get(at / u.unit)
		if err != nil {
			return done, fmt.Errorf("%s: content at %d: %w", u.where, at, err)
		}
		b = b[:min(int64(len(b)), u.valid-at)]
		done += copy(b, unit[at%u.unit:])
	}
	return done, nil
}

func (u *units) get(number int64) ([]byte, error) {
	if b := u.cache.Get(uint64(number)); b != nil {
		return b, nil
	}
	b, err := u.read(number)
	if err == nil {
		u.cache.Put(uint64(number), b)
	}
	return b, err
}
