package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const smallImage = "../../testdata/images/debian12-small.qcow2"

// TestInterrupt sends Ctrl-C to a program that is printing 5 GB, and wants exit code 130.
func TestInterrupt(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "guestctl") // under this name the test binary is the program
	if err := os.Symlink(self, name); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, "cat", smallImage, "/srv/odd/sparse")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1<<20)); err != nil {
		t.Fatalf("before the signal: %v", err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, out)
	if err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
		t.Errorf("after %d more bytes: %v, want exit code %d", n, err, exitInterrupted)
	}
}

// TestInterruptLeavesNoReport wants nothing in the folder of a report that was not completed.
func TestInterruptLeavesNoReport(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	root := newRootCommand()
	root.SetOut(io.Discard)
	root.SetArgs([]string{"check-compliance", "--baseline", "../../testdata/baseline.toml", "--report", "json=" + filepath.Join(dir, "r.json"), smallImage})
	var coded *codeError
	if err := root.ExecuteContext(ctx); !errors.As(err, &coded) || coded.code != exitInterrupted {
		t.Errorf("got %v, want exit code %d", err, exitInterrupted)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
