package luks

import (
	"errors"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

// plain are the decrypted bytes of a volume. It is safe for concurrent use.
type plain struct {
	r      io.ReaderAt
	p      payload
	size   int64
	cipher sectors
}

// newPlain returns the plain bytes of v. It keeps nothing of key but what the cipher makes of it.
func newPlain(v *volume.Volume, p payload, key []byte) (io.ReaderAt, error) {
	c, err := p.cipher.open(key)
	if err != nil {
		return nil, err
	}
	n, err := p.fit(v.Size)
	return &plain{v, p, n, c}, err
}

// ReadAt implements io.ReaderAt. Whole sectors are decrypted where they are wanted.
func (d *plain) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 {
		return 0, binread.Corrupt("offset %d, want not negative", off)
	}
	var end error
	if off >= d.size {
		return 0, io.EOF
	}
	if int64(len(b)) > d.size-off {
		b, end = b[:d.size-off], io.EOF
	}
	var damage error
	done := 0
	for done < len(b) {
		n, err := d.read(b[done:], off+int64(done))
		done += n
		if err != nil && (n == 0 || !errors.Is(err, binread.ErrChecksum)) {
			return done, err
		}
		if damage == nil {
			damage = err
		}
	}
	if damage != nil {
		return done, damage
	}
	return done, end
}

// read reads a part of what is wanted at off: whole sectors, or what is wanted of one.
func (d *plain) read(b []byte, off int64) (int, error) {
	size := d.p.sector
	skip := off % size
	if whole := int64(len(b)) / size * size; skip == 0 && whole > 0 {
		return d.fill(b[:whole], off)
	}
	one := make([]byte, size)
	n, err := d.fill(one, off-skip)
	if n == 0 {
		return 0, err
	}
	return copy(b, one[skip:]), err
}

// fill reads whole sectors. Bytes that come with an error of kind binread.ErrChecksum are decrypted like others.
func (d *plain) fill(b []byte, off int64) (int, error) {
	err := binread.Fill(d.r, b, d.p.offset+off)
	if err != nil && !errors.Is(err, binread.ErrChecksum) {
		return 0, err
	}
	d.cipher.decrypt(b, int(d.p.sector), d.p.tweak+uint64(off/sector1))
	return len(b), err
}
