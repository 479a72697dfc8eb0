package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/guestctl/guestctl/agent"
)

const (
	maxReport = 1 << 30 // bytes of a report
	maxSaid   = 4 << 10 // bytes of what a command said last on stderr
	dieWithin = 15 * time.Second
)

// runJob runs the command of a job as another process of this program: an image that brings it down takes no other run with it. What the
// job found before is in the store at address.
func runJob(ctx context.Context, address string, j *agent.Job, images []string) (*agent.Record, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "guestctl-run")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
	p := process{program, j.Dir, append(os.Environ(), storeVariable+"="+address, jobVariable+"="+j.Name)}
	own := []string{"--format=json", "--quiet", "--" + agentDirFlag + "=" + dir}
	report, err := p.call(ctx, slices.Concat([]string{j.Command}, j.Args, own, images))
	if err != nil {
		return nil, err
	}
	rec := &agent.Record{Exit: report.code, Report: report.out, Message: report.said, Facts: map[string][]byte{}}
	if report.code == exitUsage || report.code == exitInternal {
		return rec, nil
	}
	for _, image := range images {
		if rec.Facts[image], err = readLeft(factsFileOf(dir, image)); err != nil {
			return nil, err
		}
	}
	if rec.Signed, err = readLeft(filepath.Join(dir, signedName)); err != nil {
		return nil, err
	}
	return rec, ctx.Err()
}

// called is what a process left behind.
type called struct {
	code int
	out  []byte
	said string
}

// process is a program to call.
type process struct {
	program string
	dir     string
	env     []string
}

// call runs a process to its end. It is asked to end when the context does, and made to soon after.
func (p process) call(ctx context.Context, args []string) (*called, error) {
	cmd := exec.CommandContext(ctx, p.program, args...) //nolint:gosec // this program
	var out bytes.Buffer
	said := &tail{}
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.dir, p.env, &limited{&out, maxReport}, said
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = dieWithin
	withParent(cmd)
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return &called{exit.ExitCode(), out.Bytes(), said.String()}, nil
	case err != nil:
		return nil, fmt.Errorf("%s: %w %s", args[0], err, said)
	}
	return &called{exitOK, out.Bytes(), said.String()}, nil
}

// limited takes so many bytes and no more.
type limited struct {
	io.Writer
	left int64
}

func (l *limited) Write(b []byte) (int, error) {
	if l.left -= int64(len(b)); l.left < 0 {
		return 0, fmt.Errorf("a report of more than %d bytes", int64(maxReport))
	}
	return l.Writer.Write(b)
}

// tail keeps the last bytes.
type tail struct{ b []byte }

func (t *tail) Write(b []byte) (int, error) {
	t.b = append(t.b, b...)
	if over := len(t.b) - maxSaid; over > 0 {
		t.b = slices.Delete(t.b, 0, over)
	}
	return len(b), nil
}

// String is what was kept, in one line.
func (t *tail) String() string { return strings.Join(strings.Fields(string(t.b)), " ") }
