package live

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/guestctl/guestctl/engine/image"
)

const blockSize = 4096 // of the overlay: what is written is kept in whole blocks

// errFull is why a guest can write no more.
var errFull = errors.New("the guest wrote more than it may")

// overlay is a disk over another that is only read: what is written goes into a file without a name, which is gone when the program is.
type overlay struct {
	image.Image // below

	file  *os.File
	limit int64 // bytes

	mu      sync.RWMutex
	have    map[int64]struct{} // blocks of the file
	written int64              // bytes
}

// newOverlay makes an overlay whose file is in a folder.
func newOverlay(base image.Image, folder string, limit int64) (*overlay, error) {
	f, err := os.CreateTemp(folder, "disk-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &overlay{Image: base, file: f, limit: limit, have: map[int64]struct{}{}}, nil
}

// Close gives up what was written. The image below stays open.
func (o *overlay) Close() error { return o.file.Close() }

// ReadAt implements io.ReaderAt.
func (o *overlay) ReadAt(p []byte, off int64) (int, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	size := o.Size()
	if off < 0 || off >= size {
		return 0, io.EOF
	}
	var end error
	if int64(len(p)) > size-off {
		p, end = p[:size-off], io.EOF
	}
	for done := 0; done < len(p); {
		n, from := o.run(off+int64(done), len(p)-done)
		if _, err := io.ReadFull(io.NewSectionReader(from, off+int64(done), int64(n)), p[done:done+n]); err != nil {
			return done, err
		}
		done += n
	}
	return len(p), end
}

// run is how many of n bytes at off come from one place, and that place.
func (o *overlay) run(off int64, n int) (int, io.ReaderAt) {
	_, mine := o.have[off/blockSize]
	length := blockSize - off%blockSize
	for length < int64(n) {
		if _, same := o.have[(off+length)/blockSize]; same != mine {
			break
		}
		length += blockSize
	}
	if mine {
		return int(min(length, int64(n))), o.file
	}
	return int(min(length, int64(n))), o.Image
}

// WriteAt implements io.WriterAt.
func (o *overlay) WriteAt(p []byte, off int64) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if off < 0 || int64(len(p)) > o.Size()-off {
		return 0, fmt.Errorf("%d bytes at %d of a disk of %d", len(p), off, o.Size())
	}
	for done := 0; done < len(p); {
		at := off + int64(done)
		n := min(blockSize-int(at%blockSize), len(p)-done)
		if err := o.own(at/blockSize, n == blockSize); err != nil {
			return done, err
		}
		if _, err := o.file.WriteAt(p[done:done+n], at); err != nil {
			return done, err
		}
		done += n
	}
	o.written += int64(len(p))
	return len(p), nil
}

// own takes a block into the file, with what it has unless all of it is written anyway.
func (o *overlay) own(block int64, whole bool) error {
	if _, ok := o.have[block]; ok {
		return nil
	}
	if int64(len(o.have)+1)*blockSize > o.limit {
		return errFull
	}
	if !whole {
		b := make([]byte, min(blockSize, o.Size()-block*blockSize))
		if _, err := o.Image.ReadAt(b, block*blockSize); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if _, err := o.file.WriteAt(b, block*blockSize); err != nil {
			return err
		}
	}
	o.have[block] = struct{}{}
	return nil
}

// wrote is how many bytes were written.
func (o *overlay) wrote() int64 {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.written
}
