//go:build linux && cgo && !noyara

package yara

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/guestctl/guestctl/scanner"
)

const truth = `rule a { strings: $a = "hello" condition: $a }`

// kindProbe is a question of a test.
const kindProbe = 'q'

// probed asks the worker a question of a test.
func (b *bench) probed(t *testing.T, question string) (string, error) {
	t.Helper()
	if err := b.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.buf = message(kindProbe, []byte(question))
	_, body, err := b.ask(t.Context())
	return string(body), err
}

func TestConfinement(t *testing.T) {
	b := open(t, load(t, builtin(truth)))
	for question, want := range map[string]string{
		"open":        "open /etc/passwd: operation not permitted",
		"openat2":     "operation not permitted",
		"socket":      "dial udp 127.0.0.1:9: socket: operation not permitted",
		"unix socket": "operation not permitted",
		"exec":        "fork/exec /proc/self/exe: operation not permitted",
		"execve":      "operation not permitted",
		"signal":      "operation not permitted",
		"code":        "operation not permitted",
		"threads":     "fine",
		"memory":      "cannot allocate memory",
	} {
		if raceDetector && question == "memory" {
			continue
		}
		if got, err := b.probed(t, question); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", question, got, err, want)
		}
	}
	if got := fmt.Sprint(b.names(t, "/x", "hello"), b.engine.Describe().Warnings); got != "[a] []" {
		t.Errorf("after all that: %s", got)
	}
}

func TestLimits(t *testing.T) {
	b := open(t, load(t, builtin(truth)))
	if got := b.names(t, "/x", "hello"); len(got) != 1 {
		t.Fatal(got)
	}
	proc := fmt.Sprintf("/proc/%d/", b.worker.os.Pid)
	limits, err := os.ReadFile(proc + "limits")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Max core file size": "0", "Max file size": "0", "Max open files": "32", "Max address space": "4294967296",
	} {
		if raceDetector && name == "Max address space" {
			continue
		}
		_, rest, _ := strings.Cut(string(limits), name)
		if f := strings.Fields(rest); len(f) < 2 || f[0] != want || f[1] != want {
			t.Errorf("%s: %v, want %s", name, f[:2], want)
		}
	}
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"NoNewPrivs:\t1", "Seccomp:\t2"} {
		if !strings.Contains(string(status), want) {
			t.Errorf("want %q in\n%s", want, status)
		}
	}
	if env, err := os.ReadFile(proc + "environ"); err != nil || strings.Contains(string(env), "HOME") {
		t.Errorf("environment %q, %v", env, err)
	}
}

// waitForDeath waits until a process has ended: a signal takes its time, in which a worker may still answer.
func waitForDeath(t *testing.T, pid int) {
	t.Helper()
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if _, state, ok := strings.Cut(string(stat), ") "); err != nil || ok && state[0] == 'Z' {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func TestDeath(t *testing.T) {
	b := open(t, load(t, builtin(truth)))
	for i, c := range []struct {
		kill func() error // of a worker that waits
		want string
	}{
		{func() error { return unix.Kill(b.worker.os.Pid, unix.SIGSEGV) }, "engine_crashed: SIGSEGV"},
		{func() error { return unix.Kill(b.worker.os.Pid, unix.SIGBUS) }, "engine_crashed: SIGBUS"},
		{func() error { return unix.Kill(b.worker.os.Pid, unix.SIGKILL) }, "engine_crashed: SIGKILL"},
		{func() error { return unix.Kill(b.worker.os.Pid, unix.SIGABRT) }, "engine_crashed: SIGABRT"},
	} {
		if got := fmt.Sprint(b.names(t, "/x", "hello")); got != "[a]" {
			t.Fatalf("before %d: %s", i, got)
		}
		pid := b.worker.os.Pid
		if err := c.kill(); err != nil {
			t.Fatal(err)
		}
		waitForDeath(t, pid)
		if got := fmt.Sprint(b.names(t, "/x", "hello")); got != "["+c.want+"]" {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	for question, want := range map[string]string{"fault": "engine_crashed: SIGSEGV", "leave": "engine_crashed: exit status 7"} {
		if got, err := b.probed(t, question); fmt.Sprint(err) != want {
			t.Errorf("%s: %q, %v; want %s", question, got, err, want)
		}
	}
	if got := fmt.Sprint(b.names(t, "/x", "hello")); got != "[a]" {
		t.Errorf("the scan did not go on: %s", got)
	}
}

func TestTooManyDeaths(t *testing.T) {
	e := load(t, builtin(truth))
	one, other := open(t, e), open(t, e)
	e.deaths.Store(maxDeaths - 1)
	if got, err := one.probed(t, "fault"); err == nil {
		t.Fatal(got)
	}
	if got, want := fmt.Sprint(one.names(t, "/x", "hello")), "[engine_stopped: its process had died 20 times]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := fmt.Sprint(other.names(t, "/x", "hello")); !strings.HasPrefix(got, "[engine_stopped") {
		t.Errorf("another session: %s", got)
	}
}

// endless never ends with a file of some size, and ends at once with an empty one.
const endless = `rule a { condition: filesize == 0 or for all i in (1..filesize) : ( for all j in (1..filesize) : ( for all k in (1..filesize) : ( i+j+k > 0 ) ) ) }`

func TestTimeout(t *testing.T) {
	for timeout, reason := range map[time.Duration]string{
		100 * time.Millisecond:  "[timeout: after 100ms]", // the process is ended
		2000 * time.Millisecond: "[timeout: after 2s]",    // libyara ends by itself
	} {
		t.Run(timeout.String(), func(t *testing.T) {
			t.Parallel()
			opts := builtin(endless)
			opts.Timeout = timeout
			b := open(t, load(t, opts))
			if got := fmt.Sprint(b.names(t, "/x", "")); got != "[a]" {
				t.Error(got)
			}
			pid := b.worker.os.Pid
			if got := fmt.Sprint(b.names(t, "/x", strings.Repeat("x", 100_000))); got != reason {
				t.Errorf("%s, want %s", got, reason)
			}
			if got := fmt.Sprint(b.names(t, "/x", "")); got != "[a]" {
				t.Error(got)
			}
			if same := b.worker.os.Pid == pid; same != (timeout > time.Second) {
				t.Errorf("the same process: %t", same)
			}
			if n := b.engine.deaths.Load(); n != 0 {
				t.Errorf("%d deaths, want none", n)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	e := load(t, builtin(endless))
	memory, err := scanner.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	ctx, cancel := context.WithCancel(t.Context())
	s, err := e.Open(ctx, memory)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{s.(*session), memory}
	if got := b.names(t, "/x", ""); len(got) != 1 {
		t.Fatal(got)
	}
	pid := b.worker.os.Pid
	time.AfterFunc(20*time.Millisecond, cancel)
	got, err := b.Scan(ctx, b.object(t, "/x", strings.Repeat("x", 100_000)))
	if !errors.Is(err, context.Canceled) || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
	if err := unix.Kill(pid, 0); !errors.Is(err, unix.ESRCH) {
		t.Errorf("the worker is still there: %v", err)
	}
	if _, err := b.Scan(ctx, b.object(t, "/x", "")); !errors.Is(err, context.Canceled) {
		t.Errorf("the next file: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// TestNothingIsLeft closes a session while its worker still loads, and one in the middle of everything.
func TestNothingIsLeft(t *testing.T) {
	e := load(t, builtin(truth))
	memory, err := scanner.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	before := open(t, e) // descriptors that a first session leaves for all
	before.names(t, "/x", "hello")
	files := descriptors(t)
	for range 3 {
		s, err := e.Open(t.Context(), memory)
		if err != nil {
			t.Fatal(err)
		}
		pid := s.(*session).worker.os.Pid
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := unix.Kill(pid, 0); !errors.Is(err, unix.ESRCH) {
			t.Errorf("the worker is still there: %v", err)
		}
	}
	if now := descriptors(t); now != files {
		t.Errorf("%d open files, before it was %d", now, files)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	names, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// TestNonsense has a worker whose answers make no sense.
func TestNonsense(t *testing.T) {
	b := open(t, load(t, builtin(truth)))
	o := b.object(t, "/x", "hello")
	b.number = 7
	number := []byte{7, 0, 0, 0, 0}
	for what, c := range map[string]struct {
		kind byte
		body []byte
	}{
		"another number":       {kindFound, []byte{8, 0, 0, 0, 0}},
		"no number":            {kindFound, nil},
		"another kind":         {kindResult, number},
		"a rule too many":      {kindFound, appendHit(number, hit{rule: 1})},
		"a string too many":    {kindFound, appendHit(number, hit{places: []place{{name: 1}}})},
		"after the end":        {kindFound, appendHit(number, hit{places: []place{{offset: 4, length: 2}}})},
		"far after the end":    {kindFound, appendHit(number, hit{places: []place{{offset: 1 << 62, length: 1 << 31}}})},
		"before the beginning": {kindFound, appendHit(number, hit{places: []place{{offset: -1, length: 1}}})},
		"cut off":              {kindFound, append(number, 0, 0, 0, 0, 1, 2)},
	} {
		matches, err := b.understand(c.kind, c.body, b.engine.sets[0], o)
		if got := fmt.Sprint(err); len(matches) > 0 || got != "engine_crashed: a message that makes no sense" {
			t.Errorf("%s: %v, %s", what, matches, got)
		}
	}
	got, err := b.understand(kindFailed, append(number, "bad\x1b[31m"...), b.engine.sets[0], o)
	if fmt.Sprint(err) != "engine_error: bad?[31m" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestSessionsAtTheSameTime(t *testing.T) {
	e := load(t, builtin(`rule a { strings: $a = "hello" condition: $a and filename == "x7" }`))
	var wg sync.WaitGroup
	for range 3 {
		b := open(t, e)
		wg.Go(func() {
			for i := range 50 {
				want := "[]"
				if i == 7 {
					want = "[a]"
				}
				if got := fmt.Sprint(b.names(t, fmt.Sprint("/x", i), strings.Repeat(" ", i*1000)+"hello")); got != want {
					t.Errorf("%d: %s, want %s", i, got, want)
				}
			}
		})
	}
	wg.Wait()
}

// TestOtherGroup keeps what a terminal sends to stop the program from the workers.
func TestOtherGroup(t *testing.T) {
	b := open(t, load(t, builtin(truth)))
	group, err := syscall.Getpgid(b.worker.os.Pid)
	if err != nil || group == syscall.Getpgrp() {
		t.Errorf("group %d, ours is %d, %v", group, syscall.Getpgrp(), err)
	}
}
