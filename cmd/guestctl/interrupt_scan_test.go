package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/scanner/yara"
)

// TestInterruptedScan sends Ctrl-C to a scan with a rule that never ends: no process of it, no report and no temporary file is left.
func TestInterruptedScan(t *testing.T) {
	if yara.Version == "" {
		t.Skip("this build has no YARA")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, left := t.TempDir(), t.TempDir()
	name, rules := filepath.Join(dir, "guestctl"), filepath.Join(dir, "endless.yar")
	const endless = `rule Endless { condition: filepath == "/etc/passwd" and for all i in (0..1000000000000) : (uint8(0) == 0x72) }` // r of root
	if err := errors.Join(os.Symlink(self, name), os.WriteFile(rules, []byte(endless), 0o600)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, "scan", "--rules", rules, "--file-timeout", "1h", "--no-cache", "--report", "json="+filepath.Join(left, "r.json"), smallImage)
	cmd.Env = append(os.Environ(), "TMPDIR="+left, "XDG_CACHE_HOME="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var workers []string
	for len(workers) == 0 {
		if t.Context().Err() != nil {
			t.Fatal("no worker was started")
		}
		time.Sleep(10 * time.Millisecond)
		workers = workersOf(t, cmd.Process.Pid)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
		t.Errorf("%v, want exit code %d", err, exitInterrupted)
	}
	for _, w := range workers {
		if title(w) != "" {
			t.Errorf("worker %s is left", w)
		}
	}
	if entries, err := os.ReadDir(left); err != nil || len(entries) > 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}

// workersOf are the processes that scan files for another one.
func workersOf(t *testing.T, pid int) (workers []string) {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		children, _ := os.ReadFile(list) // a thread may have ended
		for child := range strings.FieldsSeq(string(children)) {
			if strings.Contains(title(child), "worker scan") {
				workers = append(workers, child)
			}
		}
	}
	return workers
}

// title is what a running process calls itself, "" of one that ended.
func title(pid string) string {
	b, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(string(b), "\x00", " ")
}
