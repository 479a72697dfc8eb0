package live

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/guestctl/guestctl/engine"
)

// cause is why an attempt ended.
type cause int

const (
	answered cause = iota + 1 // the guest powered off when it was asked
	alone                     // the guest powered off without being asked
	restart                   // the guest reset the machine
	still                     // nothing moved any more
	slow                      // the attempt took too long
	broken                    // QEMU did not start, or ended, and that is not the guest's doing
	strange                   // the guest has no driver for the disks of the machine
	hasty                     // the guest was asked to power off before its start was over
)

const (
	settled   = 10 * time.Second // the default of Options.settle
	unsettled = 3                // times as long where no login is seen
	unhurried = 9                // and where the guest was asked too early before
	restless  = 9                // times of it that a guest which is never quiet gets
	asking    = 5 * time.Second  // for QEMU to answer a command

	// KVM on a machine that is itself a guest may be slower than emulation: after the trial, so many bytes of the disk want to be read.
	trial   = time.Minute
	fetched = 4 << 20
)

// attempt is one boot while it runs.
type attempt struct {
	*booter

	Attempt

	patient  bool
	folder   string // for QEMU's files, removed at the end
	evidence *attemptEvidence
	overlays []*overlay
	tracker  *tracker
	process  *process
	monitor  *monitor
	calm     patience
	entered  bool          // the key that a boot menu waits for was pressed
	since    time.Duration // in calm.ran: when a login was offered, and then when the guest was asked to power off
	serving  sync.WaitGroup

	mu    sync.Mutex
	shut  *event // why QEMU is about to end
	asked bool   // the guest was asked to power off
}

// attempt boots the guest on one machine. The error is that of the context, or one of the host.
func (b *booter) attempt(ctx context.Context, m Machine, patient bool) (_ *Attempt, err error) {
	a := &attempt{booter: b, Attempt: Attempt{Machine: m, Stage: Firmware, Steps: []Step{}}, patient: patient}
	if a.folder, err = os.MkdirTemp("", "guestctl-boot-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(a.folder)) }()
	for _, d := range b.machine.Disks {
		o, err := newOverlay(d, a.folder, maxWritten)
		if err != nil {
			return nil, errors.Join(err, a.closeOverlays())
		}
		a.overlays = append(a.overlays, o)
	}
	defer func() { err = errors.Join(err, a.closeOverlays()) }()
	if a.evidence, err = b.folder.attempt(len(b.run.Attempts) + 1); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.evidence.close()) }()
	b.Said("booting on " + m.String())
	err = a.boot(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	if err := a.read(ctx); err != nil {
		return nil, err
	}
	a.judge()
	return &a.Attempt, nil
}

func (a *attempt) closeOverlays() error {
	var errs []error
	for _, o := range a.overlays {
		errs = append(errs, o.Close())
	}
	return errors.Join(errs...)
}

// boot starts QEMU and follows the guest until its end, or until it is given up.
func (a *attempt) boot(ctx context.Context) (err error) {
	vars, err := a.variables()
	if err != nil {
		return err
	}
	nonce := "guestctl-" + rand.Text()
	a.tracker = newTracker(a.Firmware == uefi, a.places, a.machine.Guests, regexp.MustCompile(nonce+" [0-9a-f]{32}"), func(s Step) { a.Said(string(s.Stage) + ": " + s.Sign) })
	// The guest's systemd-tmpfiles writes this to the serial port, with the id of the boot for %b: an echo of the line is no answer.
	args := a.args(a.Machine, vars, "io.systemd.credential:tmpfiles.extra=w /dev/ttyS0 - - - - "+nonce+" %b\\n")
	if err := a.evidence.command(a.qemu.path, args); err != nil {
		return err
	}
	a.process, err = start(a.qemu.path, args, a.folder, len(a.overlays))
	if err != nil {
		a.cause, a.Message = broken, "QEMU cannot be started: "+err.Error()
		return nil
	}
	defer a.serving.Wait()
	defer a.process.kill()
	a.connect()
	a.follow(ctx)
	return nil
}

// variables is a private copy of the firmware's variables; "" where it has none.
func (a *attempt) variables() (string, error) {
	if a.Firmware != uefi {
		return "", nil
	}
	b, err := os.ReadFile(a.qemu.ovmf.vars)
	if err != nil {
		return "", err
	}
	path := filepath.Join(a.folder, "vars.fd")
	return path, os.WriteFile(path, b, 0o600) //nolint:gosec // G703: in our own folder
}

// connect serves the disks, and listens to the serial port and the monitor.
func (a *attempt) connect() {
	for i, o := range a.overlays {
		e := &export{
			disk: o, conn: a.process.disks[i], failed: a.tracker.fails,
			seen: func(write bool, off, n int64) { a.tracker.disk(i, write, off, n) },
		}
		a.serving.Go(func() { _ = e.serve() }) // a connection that ends is QEMU's end, which is noticed
	}
	a.serving.Go(func() {
		_, _ = io.Copy(io.MultiWriter(&a.evidence.serial, a.tracker), a.process.serial) // until QEMU's end
	})
	a.monitor = newMonitor(a.process.monitor, &a.evidence.qmp, a.event)
	a.serving.Go(a.monitor.listen)
}

func (a *attempt) event(e event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if e.Event == "SHUTDOWN" && a.shut == nil {
		a.shut = &e
	}
}

// follow looks at the guest again and again, until there is a cause to end.
func (a *attempt) follow(ctx context.Context) {
	if err := a.command(ctx, "qmp_capabilities", nil); err != nil && !errors.Is(err, errGone) {
		a.cause, a.Message = broken, "QEMU does not answer: "+err.Error()
		return
	}
	ticker := time.NewTicker(a.tick)
	defer ticker.Stop()
	timeout := time.NewTimer(a.Timeout)
	defer timeout.Stop()
	for a.cause == 0 {
		select {
		case <-ctx.Done():
			return
		case <-a.process.ended:
			a.ended()
		case <-timeout.C:
			a.look(ctx)
			a.cause, a.Message = slow, fmt.Sprintf("not ready after %s", a.Timeout)
		case at := <-ticker.C:
			a.look(ctx)
			s := a.tracker.state()
			quiet := a.calm.look(at, s.moves, waits(a.process.pid))
			if s.stage == Ready && a.since == 0 {
				a.since = a.calm.ran
			}
			if s.menu && !a.entered {
				a.enter(ctx)
			}
			a.consider(ctx, s, quiet)
		}
	}
}

// consider asks a guest that is ready to power off, and gives one up that has been quiet for too long.
func (a *attempt) consider(ctx context.Context, s state, quiet time.Duration) {
	limit := a.Stall
	switch {
	case s.stuck: // it says itself that it waits
		limit /= 4
	case a.Accelerator == kvm:
		limit /= 4 // emulation is tried next
	}
	enough := a.settle
	if a.patient {
		enough *= unhurried
	} else if s.stage != Ready {
		enough *= unsettled
	}
	up := !s.stuck && s.stage.order() >= Userspace.order()
	if a.asked && !up {
		limit = a.Stall / 4
	}
	over := quiet >= max(limit, min(enough, a.Stall))
	switch {
	case over && !a.asked && !s.stuck && s.stage != Firmware: // it may be up, and show nothing that is understood here
		a.ask(ctx)
	case over || a.asked && a.calm.ran-a.since >= 2*a.Stall:
		a.cause = still
	case a.Accelerator == kvm && a.calm.ran > trial && s.fetched < fetched:
		a.cause, a.Message = slow, fmt.Sprintf("only %d bytes of the disk were read in %s", s.fetched, trial)
	case !a.asked && up && (quiet >= enough || s.stage == Ready && a.calm.ran-a.since >= restless*enough):
		a.ask(ctx)
	}
}

// enter starts at once what a boot menu would start when it has counted down: GRUB counts with a loop that takes an emulator long.
func (a *attempt) enter(ctx context.Context) {
	a.entered = true
	key := map[string]string{"type": "qcode", "data": "ret"}
	_ = a.command(ctx, "send-key", map[string]any{"keys": []any{key}}) // it counts down, then
}

// ask presses the power button.
func (a *attempt) ask(ctx context.Context) {
	a.mu.Lock()
	a.asked = true
	a.mu.Unlock()
	a.since = a.calm.ran
	a.Said("asked to power off")
	if err := a.command(ctx, "system_powerdown", nil); err == nil {
		a.tracker.alive()
	}
}

// ended says why QEMU has ended.
func (a *attempt) ended() {
	a.serving.Wait() // for its last words
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.shut == nil || !a.shut.Data.Guest:
		a.cause, a.Message = broken, "QEMU ended: "+a.process.end()
	case a.shut.Data.Reason == "guest-reset":
		a.cause = restart
	case a.asked:
		a.cause = answered
		a.tracker.arrive(Off, "the guest powered off when it was asked")
	default:
		a.cause = alone
	}
}

// look takes what is on the screen.
func (a *attempt) look(ctx context.Context) {
	text := filepath.Join(a.folder, "text")
	var said string
	if a.Firmware == bios {
		if a.command(ctx, "pmemsave", map[string]any{"val": textAddress, "size": textSize, "filename": text}) == nil {
			b, err := readSome(text, textSize)
			if err == nil {
				said = screenText(b)
			}
		}
	}
	file := filepath.Join(a.folder, "screen")
	if a.command(ctx, "screendump", map[string]any{"filename": file}) != nil {
		return // there is no picture, and the other signs are there
	}
	picture, err := readSome(file, maxPicture)
	if err != nil {
		return
	}
	if !a.asked { // a guest that goes down clears its screen
		a.evidence.screen(said, picture)
	}
	a.tracker.screen(said, picture)
}

// readSome reads at most n bytes of a file that QEMU wrote.
func readSome(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, n))
}

func (a *attempt) command(ctx context.Context, name string, arguments any) error {
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	return a.monitor.run(ctx, name, arguments)
}

// read reads what the guest made of its disks.
func (a *attempt) read(ctx context.Context) error {
	for _, o := range a.overlays {
		a.Written += o.wrote()
	}
	if a.Written == 0 || a.cause == broken {
		return nil
	}
	disks := make([]engine.Disk, len(a.overlays))
	for i, o := range a.overlays {
		disks[i] = engine.Disk{Name: a.machine.Disks[i].Name, Image: o}
	}
	now, err := engine.OpenDisks(ctx, disks)
	if err != nil {
		return err
	}
	a.Reading = compareGuests(a.machine.Guests, now.Guests)
	if a.Reading != nil && a.cause == answered {
		a.tracker.arrive(Read, "what the guest wrote was read")
	}
	return ctx.Err()
}
