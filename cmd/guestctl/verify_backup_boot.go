package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/backup/live"
)

// liveFlags say how a guest is booted for real.
type liveFlags struct {
	boot     bool
	qemu     string
	evidence string
	stall    time.Duration
	timeout  time.Duration
}

func (f *liveFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.boot, "boot", false, "boot the guest in QEMU, which runs its code: sandboxed, without a network, writing nothing to the image")
	flags.StringVar(&f.qemu, "qemu", "", "with --boot: the `PROGRAM` to use instead of qemu-system-x86_64 in PATH")
	flags.StringVar(&f.evidence, "boot-evidence", "", "with --boot: keep serial log, screen, QMP log and outcome in `DIR`")
	flags.DurationVar(&f.stall, "boot-stall", live.DefaultStall, "with --boot: give a boot up when nothing has moved for this `TIME`, in which the guest had a processor")
	flags.DurationVar(&f.timeout, "boot-timeout", live.DefaultTimeout, "with --boot: give an attempt up after this `TIME`")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"qemu": carapace.ActionFiles(), "boot-evidence": carapace.ActionDirectories()})
}

// options returns how to boot, nil where nothing is to be booted.
func (f *liveFlags) options(target string, bar *progress) (*live.Options, error) {
	switch {
	case !f.boot && (f.qemu != "" || f.evidence != "" || f.stall != live.DefaultStall || f.timeout != live.DefaultTimeout):
		return nil, errors.New("--qemu, --boot-evidence, --boot-stall and --boot-timeout: want --boot, too")
	case !f.boot:
		return nil, nil
	case f.stall <= 0:
		return nil, fmt.Errorf("--boot-stall %s, want more than nothing", f.stall)
	case f.timeout <= 0:
		return nil, fmt.Errorf("--boot-timeout %s, want more than nothing", f.timeout)
	}
	if f.evidence != "" {
		if err := os.MkdirAll(f.evidence, 0o700); err != nil {
			return nil, fmt.Errorf("--boot-evidence: %w", err)
		}
	}
	return &live.Options{QEMU: f.qemu, Target: target, Stall: f.stall, Timeout: f.timeout, Evidence: f.evidence, Said: bar.Say}, nil
}
