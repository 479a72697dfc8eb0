// Package binread is the only place where image bytes become numbers or allocations.
//
// An image may come from an attacked machine, so every offset, count and length in it is hostile until it was checked.
// The package offers three things: reads that meet a limit before they allocate (ReadAt), a cursor that cannot run past
// its bytes (Cursor), and error kinds that say what is wrong with an image without comparing text (ErrCorrupt and its
// siblings).
package binread

import (
	"errors"
	"fmt"
	"io"
)

// ReadAt returns the n bytes of r at off. The limit max is checked before anything is allocated: n above it is ErrLimit,
// a negative off or n and bytes past the end of r are ErrCorrupt, and an error of r itself is passed on. Bytes whose
// checksum is wrong come with ErrChecksum.
func ReadAt(r io.ReaderAt, off, n, maxBytes int64) ([]byte, error) {
	if off < 0 || n < 0 {
		return nil, Corrupt("%d bytes at %d, want neither negative", n, off)
	}
	if n > maxBytes {
		return nil, Limit("%d bytes at %#x, want at most %d", n, off, maxBytes)
	}
	b := make([]byte, n)
	err := Fill(r, b, off)
	if err != nil && !errors.Is(err, ErrChecksum) {
		return nil, err
	}
	return b, err
}

// Fill reads exactly len(b) bytes of r at off. Bytes past the end of r are ErrCorrupt. With ErrChecksum b is full.
func Fill(r io.ReaderAt, b []byte, off int64) error {
	if off < 0 {
		return Corrupt("offset %d, want not negative", off)
	}
	n, err := r.ReadAt(b, off)
	if n == len(b) && (err == nil || errors.Is(err, io.EOF)) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return Corrupt("%d bytes at %#x end after %d", len(b), off, n)
	}
	return fmt.Errorf("%d bytes at %#x: %w", len(b), off, err)
}
