package agent

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/guestctl/guestctl/agent/store"
)

// The variables that make an agent of the test's program.
const (
	asAgent = "GUESTCTL_TEST_AGENT" // the store
	asClock = "GUESTCTL_TEST_CLOCK" // a file with the seconds since 1970; else the clock is that of the machine
	asGate  = "GUESTCTL_TEST_GATE"  // a folder: a run writes "begun" there, and goes on when there is "go"
	asFound = "GUESTCTL_TEST_FOUND" // the result of its runs; else they pass
)

// child is the agent in a process of its own.
func child(ctx context.Context, place string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	s, err := store.Open(ctx, place, log)
	if err != nil {
		return err
	}
	opts := quick(s, func(ctx context.Context, _ *Job, images []string) (*Record, error) {
		if err := passGate(ctx, os.Getenv(asGate)); err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
			return judged(images, or(os.Getenv(asFound), "pass")), nil
		}
	})
	opts.Log = log
	if file := os.Getenv(asClock); file != "" {
		opts.Now = func() time.Time { return readClock(file) }
	}
	a, err := New(ctx, opts)
	if err != nil {
		return err
	}
	return a.Serve(ctx, nil)
}

func passGate(ctx context.Context, gate string) error {
	if gate == "" {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(gate, "begun"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.WriteString("run\n"); err != nil {
		return err
	}
	for !exists(filepath.Join(gate, "go")) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return f.Close()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func readClock(file string) time.Time {
	b, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		panic(err)
	}
	return time.Unix(n, 0).UTC()
}

// setClock sets the clock of processes in one step.
func setClock(t *testing.T, file string, at time.Time) {
	t.Helper()
	if err := os.WriteFile(file+".new", strconv.AppendInt(nil, at.Unix(), 10), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// process starts an agent as a process, which ends with the test at the latest.
func process(t *testing.T, place string, log io.Writer, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), asAgent+"="+place), env...)
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }) // it may have been killed before
	return cmd
}
