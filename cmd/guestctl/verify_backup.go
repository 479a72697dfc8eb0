package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/backup/boot"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// backupFlags say what of a backup is verified.
type backupFlags struct {
	full     bool
	bootable bool
	target   string
	firmware string
	same     string
	ignore   []string
	live     liveFlags
}

func (f *backupFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.full, "full", false, "read every byte that the image holds, and every compressed file below /boot and /usr")
	flags.BoolVar(&f.bootable, "bootable", false, "prove that the guest boots from its disk, link by link, without booting it")
	flags.StringVar(&f.target, "target", "", "with --bootable or --boot: what the guest would be restored on: "+strings.Join(boot.Targets(), ", "))
	flags.StringVar(&f.firmware, "firmware", "", "with --bootable: the firmware that has to start the guest: "+strings.Join(boot.Firmwares(), ", ")+" (auto: each that the disk is laid out for)")
	flags.StringVar(&f.same, "same-identity", "", "the machine that the image has to be of, as `FACTS|IMAGE`: its machine id, SSH host keys and file systems")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"target": carapace.ActionValues(boot.Targets()...), "firmware": carapace.ActionValues(boot.Firmwares()...), "same-identity": carapace.ActionFiles(),
	})
	flags.StringArrayVar(&f.ignore, "ignore", nil, "paths whose files need not be as their package has them or, with --compare, as in the source, as a `GLOB` in which ** stands for any text; may be repeated")
	f.live.add(cmd)
}

// check looks at what can be wrong with the flags. Held against another image or a seal, an image is not verified beside it.
func (f *backupFlags) check(cmd *cobra.Command, against bool) error {
	if _, err := policy.PathPatterns(f.ignore); err != nil {
		return fmt.Errorf("--ignore: %w", err)
	}
	for _, name := range []string{"full", "bootable", "target", "firmware", "same-identity"} {
		if against && cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s: --compare, --seal and --sealed do nothing else: run guestctl verify-backup --%s by itself", name, name)
		}
	}
	if cmd.Flags().Changed("same-identity") && f.same == "" {
		return errors.New("--same-identity: want a value")
	}
	return nil
}

// options returns what the flags ask for.
func (f *backupFlags) options(bar *progress) (*audit.Backup, error) {
	if f.target != "" && !slices.Contains(boot.Targets(), f.target) {
		return nil, fmt.Errorf("--target %q, want one of %s", f.target, strings.Join(boot.Targets(), ", "))
	}
	if f.target != "" && !f.bootable && !f.live.boot {
		return nil, errors.New("--target says where the guest has to boot: give --bootable or --boot, too")
	}
	if f.firmware != "" && !slices.Contains(boot.Firmwares(), f.firmware) {
		return nil, fmt.Errorf("--firmware %q, want one of %s", f.firmware, strings.Join(boot.Firmwares(), ", "))
	}
	if f.firmware != "" && !f.bootable {
		return nil, errors.New("--firmware says what has to start the guest: give --bootable, too")
	}
	boot, err := f.live.options(f.target, bar)
	if err != nil {
		return nil, err
	}
	b := &audit.Backup{Full: f.full, Same: f.same, Ignore: f.ignore, Started: bar.Grow, Progress: bar.Add, Live: boot}
	if f.bootable {
		b.Boot = &audit.Boot{Target: f.target, Firmware: f.firmware}
	}
	return b, nil
}

func newVerifyBackupCommand() *cobra.Command {
	var f struct {
		judge  judgeFlags
		policy policyFlags
		backup backupFlags

		against againstFlags
	}
	cmd := &cobra.Command{
		Use:   "verify-backup IMAGE...",
		Short: "Verify that the images of a backup are whole, without restoring them",
		Long: `Verify that the images of a backup are whole, without restoring them.

The tables of the container, the partition table, the structure of the file systems, the digests of packages and the checksums in
compressed files are verified, each as a check of its own. Every damage is told with its place and what it means. Nothing is written to
the image, and nothing that an earlier run found is taken for an answer.

--bootable follows what a boot would do, from the firmware to a login: boot loader, configuration, kernel, initrd, root file system,
init, default target, mounts. It goes the way of a BIOS and of UEFI, whichever the disk is laid out for; where that is both, both have to
hold, unless --firmware names one.

With --budget --full reads a share of each image, and the next run goes on where it stopped: what is said of the bytes is about those that
this run read, and how far the cycle is. --read-all-within fails when it is too slow.

--boot boots the guest for real, in QEMU, which has to be installed. It is the one flag that runs code of a guest, and does so in QEMU's
sandbox, without a network, on a disk that keeps what the guest writes apart from the image.

With --compare an image is held against another: bytes first, then the files in which they differ, and what explains that. A seal,
which --seal writes when a backup is made, finds every changed byte of it later, with --sealed.`,
		Example: `  guestctl verify-backup disk.qcow2
  guestctl verify-backup --full --report json=verified.json backups/*.qcow2
  guestctl verify-backup --full --budget 20m --read-all-within 30d disk.qcow2
  guestctl verify-backup --bootable --target kvm disk.qcow2
  guestctl verify-backup --boot --boot-evidence evidence/ disk.qcow2
  guestctl verify-backup --baseline baseline.toml disk.qcow2
  guestctl verify-backup --same-identity web01.facts backups/web01-*.qcow2
  guestctl verify-backup --compare source.raw backup.qcow2
  guestctl verify-backup --seal=disk.seal disk.qcow2
  guestctl verify-backup --sealed disk.seal --budget 20m --read-all-within 30d disk.qcow2`,
		Args: wantArgs(1, -1, "IMAGE..."),
		RunE: func(cmd *cobra.Command, images []string) error {
			against, err := f.against.asked(cmd, f.backup.full)
			if err != nil {
				return err
			}
			if err := f.backup.check(cmd, against); err != nil {
				return err
			}
			f.against.ignore = f.backup.ignore
			p, err := f.policy.loadOptional()
			if err != nil {
				return err
			}
			if against && len(f.judge.image.disks) > 0 {
				return errors.New("--disk: --compare, --seal and --sealed are about one disk: do it for each by itself")
			}
			if against && f.backup.live.boot {
				return errors.New("--boot: not beside --compare, --seal or --sealed")
			}
			if against {
				j, err := f.judge.begin(cmd, images)
				if err != nil {
					return err
				}
				defer j.discard()
				j.Job.Policy = p
				return f.against.run(cmd, &f.judge, j)
			}
			bar := newByteProgress(cmd, "verified")
			defer bar.Close()
			backup, err := f.backup.options(bar)
			if err != nil {
				return err
			}
			if backup.Share, err = f.against.cycle.share(f.judge.image.noCache); err != nil {
				return err
			}
			j, err := f.judge.begin(cmd, images)
			if err != nil {
				return err
			}
			defer j.discard()
			j.Job.Policy, j.Job.Backup, j.Job.MinCoverage = p, backup, p.MinCoverage
			return j.run(cmd)
		},
	}
	f.judge.add(cmd, audit.FailOn(finding.Medium))
	f.policy.add(cmd)
	f.backup.add(cmd)
	f.against.add(cmd)
	return cmd
}
