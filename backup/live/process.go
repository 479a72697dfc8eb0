package live

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

const (
	maxComplaint = 64 << 10         // bytes of QEMU's stderr
	lastWords    = 10 * time.Second // for what QEMU still says after its end
)

// process is a running QEMU, with our ends of its connections.
type process struct {
	pid        int
	complaints *bounded
	monitor    net.Conn
	serial     net.Conn
	disks      []net.Conn

	ended chan struct{}
	err   error // of the end; after ended is closed
}

// start starts QEMU with args and connections for n disks.
func start(path string, args []string, folder string, n int) (p *process, err error) {
	p = &process{complaints: &bounded{limit: maxComplaint}, ended: make(chan struct{})}
	cmd := exec.Command(path, args...) //nolint:gosec,noctx // G204: the user named the program; it is ended by kill, with all that it started
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = p.complaints, p.complaints, lastWords
	cmd.Dir, cmd.Env = folder, []string{"LC_ALL=C", "TMPDIR=" + folder, "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = attributes()
	defer func() {
		for _, f := range cmd.ExtraFiles {
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			p.close()
		}
	}()
	for i := range diskFile - monitorFile + n {
		ours, theirs, err := pair()
		if err != nil {
			return nil, err
		}
		cmd.ExtraFiles = append(cmd.ExtraFiles, theirs)
		switch monitorFile + i {
		case monitorFile:
			p.monitor = ours
		case serialFile:
			p.serial = ours
		default:
			p.disks = append(p.disks, ours)
		}
	}
	started := make(chan error, 1)
	go p.wait(cmd, started)
	return p, <-started
}

// wait starts the program and waits for its end, on one thread of the system: where that thread ends, Linux kills the program.
func (p *process) wait(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.ended)
	err := cmd.Start()
	if err == nil {
		p.pid = cmd.Process.Pid
	}
	started <- err
	if err == nil {
		p.err = cmd.Wait()
	}
}

// kill ends QEMU and all that it may have started, and waits for its end.
func (p *process) kill() {
	select {
	case <-p.ended: // its number may be another's by now
	default:
		_ = syscall.Kill(-p.pid, syscall.SIGKILL) // it may have ended this moment
	}
	<-p.ended
	p.close()
}

func (p *process) close() {
	for _, c := range append([]net.Conn{p.monitor, p.serial}, p.disks...) {
		if c != nil {
			_ = c.Close() // of a socket pair whose other end is gone
		}
	}
}

// end says how QEMU ended.
func (p *process) end() string {
	said := after(p.complaints.line())
	var exit *exec.ExitError
	if !errors.As(p.err, &exit) {
		return "it ended by itself" + said
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() { //nolint:misspell // its name
		return fmt.Sprintf("it was killed (%s)%s", status.Signal(), said)
	}
	return fmt.Sprintf("exit code %d%s", exit.ExitCode(), said)
}

// pair makes a connection: our end, and the one that QEMU inherits.
func pair() (ours net.Conn, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	f := os.NewFile(uintptr(fds[0]), "guestctl")
	theirs = os.NewFile(uintptr(fds[1]), "qemu")
	ours, err = net.FileConn(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return ours, theirs, nil
}
