package scanner

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// region is anonymous memory with a descriptor (memfd_create(2)). Other processes get one that is open for reading only, so that
// they can neither change what stands here nor cut it off while it is read.
type region struct {
	fd    int // for writing; -1 before open
	bytes []byte
	file  *os.File
}

func (r *region) open() error {
	r.fd = -1
	fd, err := unix.MemfdCreate("guestctl", unix.MFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("memfd_create: %w", err)
	}
	r.fd = fd
	path := fmt.Sprintf("/proc/self/fd/%d", fd)
	r.file, err = os.Open(path)
	return err
}

func (r *region) grow(n int) error {
	page := os.Getpagesize()
	n = (max(n, 2*len(r.bytes)) + page - 1) / page * page
	return r.resize(n)
}

func (r *region) shrink(n int) error { return r.resize(n) }

func (r *region) resize(n int) error {
	if r.bytes != nil {
		if err := unix.Munmap(r.bytes); err != nil {
			return fmt.Errorf("munmap: %w", err)
		}
		r.bytes = nil
	}
	if err := unix.Ftruncate(r.fd, int64(n)); err != nil {
		return fmt.Errorf("memory of %d bytes: %w", n, err)
	}
	b, err := unix.Mmap(r.fd, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("memory of %d bytes: %w", n, err)
	}
	r.bytes = b
	return nil
}

func (r *region) close() error {
	var errs []error
	if r.bytes != nil {
		errs = append(errs, unix.Munmap(r.bytes))
		r.bytes = nil
	}
	if r.file != nil {
		errs = append(errs, r.file.Close())
	}
	if r.fd > 0 {
		errs = append(errs, unix.Close(r.fd))
	}
	return errors.Join(errs...)
}
