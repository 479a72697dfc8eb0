// Package live boots a guest for real, in QEMU, and tells how far it came.
//
// It is the one place where code of a guest runs, and only where a person asked for it: inside of QEMU, in its sandbox, without a network,
// as nobody but the user. QEMU is given no file of the backup: the disks are what this program reads of them, exported to QEMU over a
// socket pair (the NBD protocol), and what the guest writes goes into a file that has no name. The guest is asked to power off by ACPI, and
// what it wrote is read with this program's own reader: wtmp(5), the journal, which units failed. A text that the guest shows is never
// proof that it came up.
//
// Followed are the NBD protocol (doc/proto.md of nbd), QMP (QEMU's qmp-spec.txt) and systemd's Journal File Format.
package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/engine"
)

// Limits of a boot.
const (
	DefaultStall   = 2 * time.Minute  // without any progress, while the guest had a processor
	DefaultTimeout = 30 * time.Minute // of one attempt
	memory         = 2048             // MiB of the guest
	maxWritten     = 8 << 30          // bytes that a guest may write
)

// Options say how to boot.
type Options struct {
	QEMU     string        // the program; "" looks for it in PATH
	Target   string        // what the backup would be restored on, which says how the disks are connected; "" is any
	Stall    time.Duration // how long nothing may move before a boot is given up; 0 is DefaultStall
	Timeout  time.Duration // of one attempt; 0 is DefaultTimeout
	Evidence string        // the folder for what was seen; "" keeps nothing
	Tool     string        // the version of this program, for the evidence
	// Said is called with each step of a boot; nil is allowed.
	Said func(step string)

	tick   time.Duration // between two looks at the guest
	settle time.Duration // without a move, after a login is offered, until the guest is asked to power off
	kvm    string        // the device of KVM
}

// Outcome is what a boot came to.
type Outcome string

// The outcomes. Inconclusive is neither a pass nor a fail.
const (
	Booted       Outcome = "booted"
	Degraded     Outcome = "booted-degraded"
	Failed       Outcome = "failed"
	Inconclusive Outcome = "inconclusive"
)

// Trial is one or more attempts to boot a guest, and what they come to.
type Trial struct {
	Outcome  Outcome   `json:"outcome"`
	Stage    Stage     `json:"stage"` // that was reached
	Message  string    `json:"message"`
	Fix      string    `json:"fix,omitempty"`
	QEMU     string    `json:"qemu"` // its version; "" where there is none
	Notes    []string  `json:"notes"`
	Attempts []Attempt `json:"attempts"`

	serious bool // a degraded guest is in need of a person
}

// Attempt is one boot on one machine.
type Attempt struct {
	Machine

	Outcome Outcome  `json:"outcome"`
	Stage   Stage    `json:"stage"`
	Message string   `json:"message"`
	Steps   []Step   `json:"steps"`
	Line    string   `json:"line,omitempty"` // in which the guest says what it waits for
	Reading *Reading `json:"reading,omitempty"`
	// Written is how many bytes of the disks the guest wrote.
	Written int64 `json:"written"`

	cause   cause
	serious bool
}

// Step is a stage that was reached, and the sign of it.
type Step struct {
	Stage Stage  `json:"stage"`
	Sign  string `json:"sign"`
}

// Boot boots the guest on the machine's disks, on other hardware where it does not come up on the first. The error is that of the context,
// or of the folder for the evidence: what is wrong with QEMU or the guest is an outcome.
func Boot(ctx context.Context, m *engine.Machine, opts Options) (*Trial, error) {
	opts.complete()
	run := &Trial{Notes: []string{}, Attempts: []Attempt{}}
	folder, err := newEvidence(opts.Evidence)
	if err != nil {
		return nil, err
	}
	qemu, err := findQEMU(ctx, opts.QEMU)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		run.inconclusive(err)
		return run, folder.outcome(run, opts.Tool)
	}
	run.QEMU = qemu.version
	b := &booter{Options: opts, machine: m, qemu: qemu, folder: folder, run: run}
	if b.places, err = place.Of(ctx, m, 0); err != nil {
		return nil, err
	}
	if err := b.all(ctx); err != nil {
		return nil, err
	}
	run.judge()
	return run, folder.outcome(run, opts.Tool)
}

func (o *Options) complete() {
	if o.Stall == 0 {
		o.Stall = DefaultStall
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Said == nil {
		o.Said = func(string) {}
	}
	if o.tick == 0 {
		o.tick = min(time.Second, o.Stall/4)
	}
	if o.settle == 0 {
		o.settle = min(settled, o.Stall/4)
	}
	if o.kvm == "" {
		o.kvm = "/dev/kvm"
	}
}

// booter makes the attempts of one run.
type booter struct {
	Options

	machine *engine.Machine
	places  *place.Map
	qemu    *emulator
	folder  *evidence
	run     *Trial
}

// all boots on one machine after the other, until the guest came up or nothing is left to try.
func (b *booter) all(ctx context.Context) error {
	machines, err := b.machines()
	if err != nil {
		b.run.inconclusive(err)
		return nil
	}
	fast := usable(b.kvm)
	for i, m := range machines {
		patient := false
		for again := true; again; {
			m.Accelerator = accelerator(fast)
			a, err := b.attempt(ctx, m, patient)
			if err != nil {
				return err
			}
			b.run.Attempts = append(b.run.Attempts, *a)
			again = false
			switch {
			case a.Outcome == Booted || a.Outcome == Degraded && !a.serious:
				return nil
			case fast: // what KVM does not do may be KVM's fault
				b.note("%s: %s; tried again with emulation", m, a.Message)
				fast, again = false, true
			case a.cause == hasty && !patient:
				b.note("asked to power off too early; tried again with more patience")
				patient, again = true, true
			case a.Outcome == Inconclusive && a.cause != strange:
				return nil // other disks make no difference
			}
		}
		if i < len(machines)-1 {
			b.note("%s: %s", m, b.run.last().Message)
		}
	}
	return nil
}

func (b *booter) note(format string, args ...any) {
	b.run.Notes = append(b.run.Notes, fmt.Sprintf(format, args...))
	b.Said(b.run.Notes[len(b.run.Notes)-1])
}

func (r *Trial) last() *Attempt { return &r.Attempts[len(r.Attempts)-1] }

// inconclusive says why nothing was tried.
func (r *Trial) inconclusive(err error) {
	r.Outcome, r.Message = Inconclusive, err.Error()
	var lacks *lackError
	if errors.As(err, &lacks) {
		r.Fix = lacks.fix
	}
}

// judge takes the best attempt for the outcome, and the first of those that are alike. Where an attempt told nothing, nothing failed: the
// guest may have come up there. That it had no driver is told.
func (r *Trial) judge() {
	if len(r.Attempts) == 0 {
		return
	}
	best := &r.Attempts[0]
	for i := range r.Attempts {
		if a := &r.Attempts[i]; rank(a) > rank(best) {
			best = a
		}
	}
	if end := r.last(); best.Outcome == Failed && end.Outcome == Inconclusive && end.cause != strange {
		best = end
	}
	r.Outcome, r.Stage, r.Message, r.serious = best.Outcome, best.Stage, best.Message, best.serious
	if best.Outcome == Booted && best != &r.Attempts[0] {
		r.Message += "; on " + best.String()
	}
}

func rank(a *Attempt) int {
	switch {
	case a.Outcome == Booted:
		return 4
	case a.Outcome == Degraded:
		return 3
	case a.Outcome == Failed && a.Accelerator == emulation:
		return 2
	case a.Outcome == Failed:
		return 1
	}
	return 0
}
