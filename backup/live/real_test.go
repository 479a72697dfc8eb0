package live

import (
	"os"
	"slices"
	"testing"

	"github.com/guestctl/guestctl/engine"
)

// TestTheRealDiskBoots boots the Debian 12 of make images. Its ssh.service fails, because the image has no host keys; systemctl --failed in
// the guest named that unit and no other.
func TestTheRealDiskBoots(t *testing.T) {
	const disk = "../../build/images/debian12.qcow2"
	if os.Getenv("GUESTCTL_BOOT") != "required" {
		t.Skip("takes minutes: set GUESTCTL_BOOT=required")
	}
	before, err := os.Stat(disk)
	if err != nil {
		t.Fatalf("%v: build it with make images", err)
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	m, err := engine.Open(t.Context(), []string{disk}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	r, err := Boot(t.Context(), m, Options{Evidence: t.TempDir(), Said: func(step string) { t.Log(step) }})
	if err != nil {
		t.Fatal(err)
	}
	if r.Outcome != Degraded || r.serious || r.Stage != Read {
		t.Fatalf("got %s at %q: %s", r.Outcome, r.Stage, r.Message)
	}
	a := r.last()
	if !slices.Equal(a.Reading.By, []string{"journal", "wtmp"}) || !slices.Equal(a.Reading.Failed, []string{"ssh.service"}) || !a.Reading.Up {
		t.Errorf("got %+v", a.Reading)
	}
	var stages []Stage
	for _, s := range a.Steps {
		stages = append(stages, s.Stage)
	}
	if want := []Stage{Loader, Kernel, Initrd, Root, Userspace, Ready, Off, Read}; !slices.Equal(stages, want) {
		t.Errorf("got stages %q, want %q", stages, want)
	}
	if err := m.Unchanged(); err != nil {
		t.Error(err)
	}
	if after, err := os.Stat(disk); err != nil || !after.ModTime().Equal(before.ModTime()) || after.Size() != before.Size() {
		t.Errorf("got %v, %v", after, err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
