//go:build linux && cgo && !noyara

package yara

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/sys/unix"
)

// startTime is how long a worker may take until it has its rules.
const startTime = time.Minute

// process is a worker, seen from the program that started it.
type process struct {
	os       *os.Process
	requests int // descriptors of pipes
	replies  int
	buf      []byte
	deadline *time.Timer
	watched  <-chan struct{} // the end of the context
	unwatch  func() bool

	ending   sync.Mutex
	ended    bool // by us
	timedOut bool

	confined string // why the process is not confined, "" where it is
	isReady  bool
}

// start starts a worker with a job. Files are those of regions of memory.
func start(ctx context.Context, work string, job any, files []*os.File) (*process, error) {
	body, err := cbor.Marshal(job)
	if err != nil {
		return nil, err
	}
	f, err := sealed(body)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return startWith(ctx, work, f, files)
}

// sealed returns a file in memory that nobody can change.
func sealed(content []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("guestctl-yara", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	f := os.NewFile(uintptr(fd), "job")
	_, err = f.Write(content)
	if err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// startWith starts a worker with a job that stands in a file. The file may serve several workers, one after the other or at once.
func startWith(ctx context.Context, work string, job *os.File, files []*os.File) (p *process, err error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	var requests, replies [2]int
	if err := unix.Pipe2(requests[:], unix.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	requestEnd := os.NewFile(uintptr(requests[0]), "requests")
	defer requestEnd.Close()
	if err := unix.Pipe2(replies[:], unix.O_CLOEXEC); err != nil {
		return nil, errors.Join(fmt.Errorf("pipe: %w", err), unix.Close(requests[1]))
	}
	replyEnd := os.NewFile(uintptr(replies[1]), "replies")
	defer replyEnd.Close()
	p = &process{requests: requests[1], replies: replies[0], buf: make([]byte, headSize+maxReply)}
	p.os, err = os.StartProcess("/proc/self/exe", []string{workerName, work}, &os.ProcAttr{
		Env:   []string{"GOMAXPROCS=2", "GOTRACEBACK=none"},
		Files: append([]*os.File{null, null, null, requestEnd, replyEnd, job}, files...),
		// A group of its own: what the terminal sends to stop the program is for the program, which ends its workers.
		Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting a worker: %w", err), p.closePipes())
	}
	p.deadline = time.AfterFunc(startTime, p.expire)
	p.watch(ctx)
	return p, nil
}

// watch ends the process with the context.
func (p *process) watch(ctx context.Context) {
	if p.unwatch != nil {
		if ctx.Done() == p.watched {
			return
		}
		p.unwatch()
	}
	p.watched, p.unwatch = ctx.Done(), context.AfterFunc(ctx, func() { p.kill(false) })
}

func (p *process) expire() { p.kill(true) }

// kill ends the process. It may be called at any time, from any goroutine.
func (p *process) kill(timedOut bool) {
	p.ending.Lock()
	defer p.ending.Unlock()
	if p.ended {
		return
	}
	p.ended, p.timedOut = true, timedOut
	_ = p.os.Kill() // it may have ended by itself
}

// killed reports whether the process was ended by us, and whether that was since its time was over.
func (p *process) killed() (ended, timedOut bool) {
	p.ending.Lock()
	defer p.ending.Unlock()
	return p.ended, p.timedOut
}

// ready waits until the worker has its rules.
func (p *process) ready() error {
	kind, body, err := p.receiveOne(maxReply)
	switch {
	case err != nil:
		return err
	case kind == kindFailed:
		return errors.New(printable(body))
	case kind != kindReady:
		return errMessage
	}
	p.deadline.Stop()
	p.confined, p.isReady = printable(body), true
	return nil
}

// receive reads a message that no other can follow.
func (p *process) receive() (byte, []byte, error) { return receive(p.replies, &p.buf, 0, maxReply) }

// receiveOne reads one message of several that may be in the pipe.
func (p *process) receiveOne(limit uint32) (kind byte, body []byte, err error) {
	r := pipe(p.replies)
	head := make([]byte, headSize)
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, nil, err
	}
	length := binary.LittleEndian.Uint32(head)
	if length < 1 || length > limit {
		return 0, nil, errMessage
	}
	body = make([]byte, length-1)
	_, err = io.ReadFull(r, body)
	return head[lengthSize], body, err
}

// end ends the process, waits until it is gone, and says what it died of. A process that was dying by itself dies of what it
// was dying of.
func (p *process) end() (cause string, err error) {
	p.deadline.Stop()
	p.unwatch()
	_ = p.os.Kill() // it may have ended by itself
	state, err := p.os.Wait()
	if err != nil {
		return "", errors.Join(err, p.closePipes())
	}
	cause = state.String()
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signal() > 0 {
		cause = unix.SignalName(status.Signal())
	}
	return cause, p.closePipes()
}

func (p *process) closePipes() error {
	return errors.Join(unix.Close(p.requests), unix.Close(p.replies))
}

// isEnd reports whether an error is that of a process that is not there any more.
func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, unix.EPIPE)
}

// printable is a text of a worker, which may be in the hands of a file.
func printable(b []byte) string {
	text := []rune(string(b[:min(len(b), maxText)]))
	for i, r := range text {
		if r < ' ' || r > '~' {
			text[i] = '?'
		}
	}
	return string(text)
}

// pipe reads from a descriptor.
type pipe int

// Read reads what there is.
func (p pipe) Read(b []byte) (int, error) { return readSome(int(p), b) }
