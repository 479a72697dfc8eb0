package clamav

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// passesFiles says that clamd can be handed an open file.
const passesFiles = true

// memoryFile is a file in memory that nobody can change any more, so that a clamd that is still at it after its time is over
// sees nothing of the next one.
func memoryFile(content []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("guestctl", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	f := os.NewFile(uintptr(fd), "memory")
	if _, err := f.WriteAt(content, 0); err != nil {
		return nil, fmt.Errorf("memory of %d bytes: %w", len(content), errors.Join(err, f.Close()))
	}
	seals := unix.F_SEAL_WRITE | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return nil, fmt.Errorf("seal of memory: %w", errors.Join(err, f.Close()))
	}
	return f, nil
}

// pass sends an open file (SCM_RIGHTS of unix(7)) with the one byte that carries it.
func pass(c *net.UnixConn, f *os.File) error {
	_, _, err := c.WriteMsgUnix([]byte{0}, unix.UnixRights(int(f.Fd())), nil)
	return err
}
