//go:build !linux

package clamav

import (
	"errors"
	"os"
	"path/filepath"
)

// desk is where clamscan finds the file that it is to look into: a file with a name of ours, in a directory that only the user
// can enter.
type desk struct {
	file *os.File
	name string // for clamscan
}

func newDesk() (*desk, error) {
	dir, err := os.MkdirTemp("", "guestctl-clamscan-")
	if err != nil {
		return nil, err
	}
	name := filepath.Join(dir, "000001.bin")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &desk{f, name}, nil
}

func (d *desk) close() error {
	return errors.Join(d.file.Close(), os.RemoveAll(filepath.Dir(d.name)))
}
