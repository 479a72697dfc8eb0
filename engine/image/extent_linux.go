package image

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// hostExtent asks the file system of f for the hole or data at off, which lies below size (lseek(2), SEEK_DATA).
func hostExtent(f *os.File, off, size int64) (Extent, error) {
	data, err := f.Seek(off, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO): // no data up to the end of the file
		return Extent{Off: off, Len: size - off, Zero: true}, nil
	case err != nil:
		return Extent{}, err
	case data > off:
		return Extent{Off: off, Len: min(data, size) - off, Zero: true}, nil
	}
	hole, err := f.Seek(off, unix.SEEK_HOLE)
	if err != nil {
		return Extent{}, err
	}
	if hole <= off { // the file changes while it is read
		return Extent{}, unix.EAGAIN
	}
	return Extent{Off: off, Len: min(hole, size) - off}, nil
}
