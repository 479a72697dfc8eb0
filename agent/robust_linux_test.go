package agent

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestAFullDisk has no file of an agent's process grow while a run works, as on a full disk: the agent says so, keeps what the run found,
// and stores it once when there is room.
func TestAFullDisk(t *testing.T) {
	t.Parallel()
	place, gate := filepath.Join(t.TempDir(), "state.db"), t.TempDir()
	s := open(t, place)
	a := newAgent(t, quick(s, nil))
	if _, err := a.Begin(t.Context(), put(t, s, Job{Name: "web"}, time.Now())); err != nil {
		t.Fatal(err)
	}
	log := &text{}
	cmd := process(t, place, log, asGate+"="+gate)
	eventually(t, "the run has begun", func() bool { return exists(filepath.Join(gate, "begun")) })

	var before unix.Rlimit
	if err := unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 0, Max: unix.RLIM_INFINITY}, &before); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(gate, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is said that nothing can be stored", func() bool { return log.has("what a run found cannot be stored yet") })
	if got := history(t, s); got != "" {
		t.Errorf("stored on a full disk: %s", got)
	}
	if err := unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_FSIZE, &before, nil); err != nil {
		t.Fatal(err)
	}
	waitFor(t, s, 1)
	begun, err := os.ReadFile(filepath.Join(gate, "begun"))
	if got := history(t, s); got != "web by hand done pass" || string(begun) != "run\n" || err != nil {
		t.Errorf("%s, begun %q: %v", got, begun, err)
	}
}
