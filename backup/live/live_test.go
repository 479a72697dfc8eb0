package live

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/fakeqemu"
)

func TestMain(m *testing.M) {
	fakeqemu.Main()
	os.Exit(m.Run())
}

// lab is a disk, and a folder for programs that play QEMU.
type lab struct {
	disk, programs, temp string
}

func newLab(t *testing.T, after map[string]string) *lab {
	t.Helper()
	if _, err := exec.LookPath("mke2fs"); err != nil {
		t.Skip("without mke2fs")
	}
	l := &lab{disk: filepath.Join(t.TempDir(), "disk.img"), programs: t.TempDir(), temp: t.TempDir()}
	t.Setenv("TMPDIR", l.temp)
	if err := fakeqemu.Disk(l.disk, fakeqemu.Before(), after); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range fakeqemu.Guests() {
		if err := os.Symlink(self, filepath.Join(l.programs, name)); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// boot boots the disk and wants it to be as it was, and no file to be left.
func (l *lab) boot(t *testing.T, opts Options) *Trial {
	t.Helper()
	sum, at := l.state(t)
	m, err := engine.Open(t.Context(), []string{l.disk}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if opts.kvm == "" {
		opts.kvm = filepath.Join(l.temp, "no-kvm")
	}
	opts.tick, opts.settle = 10*time.Millisecond, 200*time.Millisecond
	r, err := Boot(t.Context(), m, opts)
	if err != nil {
		t.Fatal(err)
	}
	if now, then := l.state(t); now != sum || !then.Equal(at) {
		t.Errorf("the image was changed: %x at %s, want %x at %s", now, then, sum, at)
	}
	l.clean(t)
	return r
}

func (l *lab) state(t *testing.T) ([sha256.Size]byte, time.Time) {
	t.Helper()
	b, err := os.ReadFile(l.disk)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(l.disk)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(b), info.ModTime()
}

func (l *lab) clean(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(l.temp)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		t.Errorf("left %s", e.Name())
	}
}

const (
	short = 2 * time.Second  // for guests that are to be given up
	quiet = 6 * time.Second  // for those that come up without a sign, and have to have the time to power off
	long  = 20 * time.Second // for those that are to come up, on a busy machine
)

func TestWhatABootComesTo(t *testing.T) {
	for _, c := range []struct {
		name     string // of the program that plays the guest
		stall    time.Duration
		after    map[string]string
		outcome  Outcome
		stage    Stage
		message  string
		attempts int
	}{
		{"qemu-boots", long, fakeqemu.Booted(), Booted, Read, "the guest came up; it keeps no journal", 1},
		{"qemu-sata", long, fakeqemu.Booted(), Booted, Read, "; on BIOS, disks on sata, emulation", 2},
		{"qemu-deaf", short, fakeqemu.Booted(), Booted, Ready, "; it did not power off when it was asked", 1},
		{"qemu-mute", quiet, fakeqemu.Booted(), Booted, Read, "the guest came up", 1},
		{"qemu-emergency", short, fakeqemu.Before(), Degraded, Userspace, "emergency or rescue mode and wants a person: Press Enter", 2},
		{"qemu-read-only", long, fakeqemu.Before(), Degraded, Off, "nothing was written to the root file system: it is read-only", 2},
		{"qemu-boots", long, stopped(), Inconclusive, Read, "before its start was over", 2},
		{"qemu-liar", long, fakeqemu.Before(), Inconclusive, Read, "nothing that it wrote tells of its services", 1},
		{"qemu-hangs", short, fakeqemu.Before(), Failed, Kernel, `boot ended at "kernel": nothing moved for 2s`, 2},
		{"qemu-resets", short, fakeqemu.Before(), Failed, Kernel, "the guest reset the machine", 2},
		{"qemu-off", short, fakeqemu.Before(), Failed, Kernel, "powered off without being asked", 2},
		{"qemu-killed", short, fakeqemu.Before(), Inconclusive, Kernel, "QEMU ended: it was killed (killed)", 1},
		{"qemu-quits", short, fakeqemu.Before(), Inconclusive, Kernel, "QEMU ended: it ended by itself", 1},
		{"qemu-exits", short, fakeqemu.Before(), Inconclusive, Firmware, "QEMU ended: exit code 1: qemu-system-x86_64: cannot set up guest memory", 1},
		{"qemu-old", short, fakeqemu.Before(), Inconclusive, "", "QEMU 2.12.0 is too old, want 6.2 or newer", 0},
		{"qemu-other", short, fakeqemu.Before(), Inconclusive, "", "which is not QEMU", 0},
		{"qemu-missing", short, fakeqemu.Before(), Inconclusive, "", "qemu-missing is not installed", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t, c.after)
			r := l.boot(t, Options{QEMU: filepath.Join(l.programs, c.name), Stall: c.stall})
			if r.Outcome != c.outcome || r.Stage != c.stage || !strings.Contains(r.Message, c.message) || len(r.Attempts) != c.attempts {
				t.Errorf("got %s at %q after %d attempts: %s\nwant %s at %q after %d: %s\n%+v", r.Outcome, r.Stage, len(r.Attempts), r.Message,
					c.outcome, c.stage, c.attempts, c.message, r.Attempts)
			}
		})
	}
}

// stopped is what a guest leaves behind that was asked to power off too early.
func stopped() map[string]string {
	files := fakeqemu.Before()
	files["/var/log/wtmp"] += fakeqemu.Record(2, 0, "reboot")
	return files
}

func TestKVMThatAbortsIsNotTheEnd(t *testing.T) {
	l := newLab(t, fakeqemu.Booted())
	device := filepath.Join(t.TempDir(), "kvm")
	if err := os.WriteFile(device, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := l.boot(t, Options{QEMU: filepath.Join(l.programs, "qemu-kvm-aborts"), Stall: long, kvm: device})
	if r.Outcome != Booted || len(r.Attempts) != 2 || r.Attempts[0].Accelerator != kvm || r.Attempts[1].Accelerator != emulation {
		t.Errorf("got %+v", r)
	}
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "kvm run failed Invalid argument; tried again with emulation") {
		t.Errorf("got notes %q", r.Notes)
	}
}

func TestEvidenceIsKept(t *testing.T) {
	l := newLab(t, fakeqemu.Booted())
	dir := filepath.Join(t.TempDir(), "a", "b")
	l.boot(t, Options{QEMU: filepath.Join(l.programs, "qemu-boots"), Stall: long, Evidence: dir, Tool: "guestctl 1"})
	for path, want := range map[string]string{
		"outcome.json": `"outcome": "booted"`, "versions.json": `"qemu": "7.2.22"`, "attempt-1/serial.log": "guest login: ",
		"attempt-1/qmp.log": "system_powerdown", "attempt-1/screen.png": "\x89PNG", "attempt-1/command.txt": "-sandbox\non,obsolete=deny",
	} {
		if b, err := os.ReadFile(filepath.Join(dir, path)); err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%s: %.200q, %v, want %q", path, b, err, want)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "attempt-1/command.txt"))
	if err != nil || strings.Contains(string(b), l.disk) {
		t.Errorf("QEMU is told the name of the image: %s, %v", b, err)
	}
}

func TestInterruptedBootLeavesNothing(t *testing.T) {
	l := newLab(t, fakeqemu.Before())
	m, err := engine.Open(t.Context(), []string{l.disk}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	ctx, cancel := contextOf(t)
	defer cancel()
	_, err = Boot(ctx, m, Options{QEMU: filepath.Join(l.programs, "qemu-hangs"), tick: 10 * time.Millisecond, kvm: filepath.Join(l.temp, "x"), Said: func(s string) {
		if strings.HasPrefix(s, string(Kernel)) {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	l.clean(t)
}

func TestFindingsOfABoot(t *testing.T) {
	for _, c := range []struct {
		run      Trial
		status   finding.Status
		severity finding.Severity
	}{
		{Trial{Outcome: Booted}, finding.Pass, finding.Critical},
		{Trial{Outcome: Degraded}, finding.Fail, finding.Medium},
		{Trial{Outcome: Degraded, serious: true}, finding.Fail, finding.High},
		{Trial{Outcome: Failed, Stage: Kernel}, finding.Fail, finding.Critical},
		{Trial{Outcome: Inconclusive}, finding.Unknown, finding.Critical},
		{Trial{}, finding.Unknown, finding.Critical},
	} {
		if f := c.run.Finding(); f.Status != c.status || f.Severity != c.severity {
			t.Errorf("%s: got %s %s, want %s %s", c.run.Outcome, f.Status, f.Severity, c.status, c.severity)
		}
	}
}

func TestTheTargetSaysWhatDisksAreTried(t *testing.T) {
	for target, want := range map[string][]string{
		"": {"virtio", "sata"}, "kvm": {"virtio", "virtio-scsi"}, "aws": {"nvme"}, "vmware": {"pvscsi", "sata", "nvme"}, "azure": {"virtio", "sata"},
	} {
		got, own := tried(target)
		if !slices.Equal(got, want) || own != (target != "" && target != "azure") {
			t.Errorf("%q: got %v, %v, want %v", target, got, own, want)
		}
		for _, name := range got {
			if busOf(name).name != name {
				t.Errorf("%q: no bus %s", target, name)
			}
		}
	}
}

func TestTheBestAttemptDecides(t *testing.T) {
	at := func(o Outcome, c cause, accelerator string) Attempt {
		return Attempt{Outcome: o, cause: c, Machine: Machine{Accelerator: accelerator}}
	}
	for name, c := range map[string]struct {
		attempts []Attempt
		want     Outcome
		index    int
	}{
		"emulation after KVM":            {[]Attempt{at(Failed, still, kvm), at(Failed, still, emulation)}, Failed, 1},
		"the first that failed":          {[]Attempt{at(Failed, still, emulation), at(Failed, still, emulation)}, Failed, 0},
		"one that came up":               {[]Attempt{at(Failed, still, emulation), at(Booted, answered, emulation)}, Booted, 1},
		"no driver in the second":        {[]Attempt{at(Failed, still, emulation), at(Inconclusive, strange, emulation)}, Failed, 0},
		"no driver in the first":         {[]Attempt{at(Inconclusive, strange, emulation), at(Failed, still, emulation)}, Failed, 1},
		"no driver at all":               {[]Attempt{at(Inconclusive, strange, emulation), at(Inconclusive, strange, emulation)}, Inconclusive, 0},
		"killed before all was tried":    {[]Attempt{at(Failed, still, emulation), at(Inconclusive, broken, emulation)}, Inconclusive, 1},
		"in need, and killed afterwards": {[]Attempt{at(Degraded, still, emulation), at(Inconclusive, broken, emulation)}, Degraded, 0},
	} {
		for i := range c.attempts {
			c.attempts[i].Message = string(rune('a' + i))
		}
		r := &Trial{Attempts: c.attempts}
		if r.judge(); r.Outcome != c.want || r.Message[:1] != c.attempts[c.index].Message {
			t.Errorf("%s: got %s of attempt %s, want %s of %d", name, r.Outcome, r.Message, c.want, c.index)
		}
	}
}

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}
