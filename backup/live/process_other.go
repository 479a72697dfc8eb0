//go:build !linux

package live

import (
	"syscall"
	"time"
)

// attributes make QEMU the first of a group of its own.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// waits is not known on this system.
func waits(int) map[string]time.Duration { return nil }
