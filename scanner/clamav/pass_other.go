//go:build !linux

package clamav

import (
	"errors"
	"net"
	"os"
)

// passesFiles says that files are streamed: only Linux has files that stand in memory.
const passesFiles = false

func memoryFile([]byte) (*os.File, error) { return nil, errors.ErrUnsupported }

func pass(*net.UnixConn, *os.File) error { return errors.ErrUnsupported }
