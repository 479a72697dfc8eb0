//go:build !linux

package scanner

import "os"

// region is ordinary memory: no other process can see it.
type region struct {
	bytes []byte
	file  *os.File // nil
}

func (r *region) open() error { return nil }

func (r *region) grow(n int) error {
	b := make([]byte, max(n, 2*len(r.bytes)))
	copy(b, r.bytes)
	r.bytes = b
	return nil
}

func (r *region) shrink(n int) error {
	r.bytes = append([]byte(nil), r.bytes[:n]...)
	return nil
}

func (r *region) close() error { return nil }
