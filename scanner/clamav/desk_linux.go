package clamav

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// desk is where clamscan finds the file that it is to look into: memory, which it has as its file 3.
type desk struct {
	file *os.File
	name string // for clamscan
}

func newDesk() (*desk, error) {
	fd, err := unix.MemfdCreate("guestctl", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	return &desk{os.NewFile(uintptr(fd), "memory"), "/proc/self/fd/3"}, nil
}

func (d *desk) close() error { return d.file.Close() }
