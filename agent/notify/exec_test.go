//go:build unix

package notify

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/finding"
)

// script writes a command.
func script(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "page; touch injected") // a shell would run this
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExec(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("FROM_OUTSIDE", "yes")
	path := script(t, `cat > in; env | grep -E '^(FROM_OUTSIDE|GUESTCTL_[BEGHJNR])' | LC_ALL=C sort > env; echo "$# said"`)
	s := sender(nil)
	var out strings.Builder
	s.Output = &out
	n := &Notice{ID: "4f2c", Events: []Event{Change, Fail}, Job: "web", Run: 3, Result: finding.Fail, Before: finding.Pass, New: []Finding{{Machine: hostile}}}
	n.Machines = []Machine{{Machine: "$(touch injected)", Result: finding.Fail}, {Machine: hostile, Result: finding.Fail}}
	n.Tidy()
	if err := s.Send(t.Context(), parse(t, "exec:"+path), n); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("in")
	if err != nil {
		t.Fatal(err)
	}
	var got Notice
	if err := json.Unmarshal(b, &got); err != nil || got.ID != "4f2c" || len(got.New) != 1 {
		t.Error(string(b), err)
	}
	env, err := os.ReadFile("env")
	want := `FROM_OUTSIDE=yes
GUESTCTL_BEFORE=pass
GUESTCTL_EVENTS=change,fail
GUESTCTL_GONE=0
GUESTCTL_HEADLINE=` + n.Headline() + `
GUESTCTL_JOB=web
GUESTCTL_NEW=1
GUESTCTL_NOTICE=4f2c
GUESTCTL_RESULT=fail
GUESTCTL_RUN=3
`
	if string(env) != want || err != nil {
		t.Errorf("%s, want %s: %v", env, want, err)
	}
	if out.String() != "0 said\n" {
		t.Errorf("it said %q", out.String())
	}
	entries, err := os.ReadDir(dir)
	if len(entries) != 2 || err != nil {
		t.Error("a shell was at work", entries, err)
	}
}

func TestCommandsThatFail(t *testing.T) {
	notRun := filepath.Join(t.TempDir(), "none")
	for name, c := range map[string]struct{ path, want string }{
		"an exit code":   {script(t, "echo "+hidden+" >&2; exit 3"), "exit status 3"},
		"no such file":   {notRun, notRun + ": no such file or directory"},
		"without an end": {script(t, "sleep 1000 & sleep 1000"), "it took longer than 1s"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sender(nil)
			s.Patience = time.Second
			err := s.Send(t.Context(), parse(t, "exec:"+c.path), notice())
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), hidden) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// TestACommandLeavesNothingBehind ends what a command started, too, when it takes too long.
func TestACommandLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	s := sender(nil)
	s.Patience = time.Second
	if err := s.Send(t.Context(), parse(t, "exec:"+script(t, "(trap '' TERM; sleep 1000) & echo $! > pid; wait")), notice()); err == nil {
		t.Fatal("it ended")
	}
	b, err := os.ReadFile("pid")
	if err != nil {
		t.Fatal(err)
	}
	stat := filepath.Join("/proc", strings.TrimSpace(string(b)), "stat")
	for range 100 {
		state, err := os.ReadFile(stat)
		if err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("its child still runs")
}
