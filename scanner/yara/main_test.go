//go:build linux && cgo && !noyara

package yara

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if os.Args[0] == workerName {
		runWorker(probe)
	}
	os.Exit(m.Run())
}

// probe answers what tests ask a worker: what it can do, and how it dies.
func probe(question []byte) []byte {
	switch string(question) {
	case "open":
		_, err := os.Open("/etc/passwd")
		return []byte(fmt.Sprint(err))
	case "openat2":
		_, err := unix.Openat2(unix.AT_FDCWD, "/etc/passwd", &unix.OpenHow{})
		return []byte(fmt.Sprint(err))
	case "socket":
		_, err := net.Dial("udp", "127.0.0.1:9")
		return []byte(fmt.Sprint(err))
	case "unix socket":
		_, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		return []byte(fmt.Sprint(err))
	case "exec":
		_, err := os.StartProcess("/proc/self/exe", []string{"x"}, &os.ProcAttr{})
		return []byte(fmt.Sprint(err))
	case "execve":
		return []byte(fmt.Sprint(unix.Exec("/proc/self/exe", []string{"x"}, nil)))
	case "signal":
		return []byte(fmt.Sprint(unix.Kill(os.Getppid(), 0)))
	case "code":
		_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
		return []byte(fmt.Sprint(err))
	case "threads": // has the runtime start some
		runtime.GOMAXPROCS(4)
		done := make(chan bool)
		for range 8 {
			go func() {
				runtime.LockOSThread()
				done <- true
			}()
		}
		for range 8 {
			<-done
		}
		return []byte("fine")
	case "memory":
		_, err := unix.Mmap(-1, 0, maxAddresses, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANON)
		return []byte(fmt.Sprint(err))
	case "fault":
		address := uintptr(8)
		return []byte{**(**byte)(unsafe.Pointer(&address))}
	case "leave":
		os.Exit(7)
	}
	return []byte("what?")
}
