package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInterruptedReading sends Ctrl-C to what reads a disk that never ends: exit code 130, no file left, no report, and no note of how
// far a run came.
func TestInterruptedReading(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "guestctl") // under this name the test binary is the program
	if err := os.Symlink(self, name); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, image := range []string{"a.qcow2", "b.qcow2"} {
		endless(t, filepath.Join(dir, image))
	}
	for _, c := range []struct{ name, args string }{
		{"comparing", "verify-backup --compare a.qcow2 --report json=r.json b.qcow2"},
		{"sealing", "verify-backup --seal a.qcow2"},
		{"verifying", "verify-backup --full --report json=r.json a.qcow2"},
		{"verifying a share", "verify-backup --full --budget 10h a.qcow2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			check := untouched(t, dir)
			cache, temp := t.TempDir(), t.TempDir()
			var out bytes.Buffer
			cmd := exec.Command(name, strings.Fields(c.args)...)
			cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
			cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+cache, "TMPDIR="+temp)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill() }()
			for readBy(t, cmd.Process.Pid) < 16<<20 { // more than the images have in them
				if t.Context().Err() != nil {
					t.Fatal("it does not read")
				}
			}
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
				t.Errorf("%v, want exit code %d: %s", err, exitInterrupted, out.String())
			}
			check()
			for _, left := range []string{filepath.Join(cache, "guestctl", "cycles"), filepath.Join(temp, "*")} {
				if all, err := filepath.Glob(left); err != nil || len(all) > 0 {
					t.Errorf("left %v, %v", all, err)
				}
			}
		})
	}
}

// readBy is how many bytes a process has read so far (proc_pid_io(5), rchar).
func readBy(t *testing.T, pid int) (n int64) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(string(b), "rchar: %d", &n); err != nil {
		t.Fatalf("%v in %q", err, b)
	}
	return n
}
