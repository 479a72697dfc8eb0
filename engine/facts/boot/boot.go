// Package boot collects the domain "boot": what an unattended start of the guest would boot, and with which arguments.
//
// Sources: GRUB's grub.cfg, run far enough to know its menu (GNU GRUB manual 2.12, sections 6 and 16), with grubenv and
// the files it includes; the entries of the Boot Loader Specification; systemd-boot's loader.conf; the
// configuration of EXTLINUX; unified kernel images. Besides them what new
// entries would be told (/etc/default/grub, /etc/kernel/cmdline), and the loaders for each kind of firmware. It does not
// read the variables of the firmware.
package boot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// Collector collects the domain "boot".
var Collector = facts.New("boot", "The boot menu, its default entry and the arguments of its kernels", collect)

// configs are where distributions keep GRUB's configuration; a pattern is an EFI system partition.
var configs = []string{
	"/boot/grub/grub.cfg", "/boot/grub2/grub.cfg",
	"/boot/efi/EFI/*/grub.cfg", "/efi/EFI/*/grub.cfg", "/boot/EFI/*/grub.cfg",
}

func collect(ctx context.Context, s *facts.Scope) (*facts.Boot, error) {
	b, err := boots(ctx, s)
	if err != nil {
		return nil, err
	}
	b.Pending, b.Firmware = pending(s), firmware(s)
	return b, nil
}

// boots returns the menu.
func boots(ctx context.Context, s *facts.Scope) (*facts.Boot, error) {
	var menus []*facts.Boot
	for _, path := range glob(s, configs) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := grub(s, path)
		if err != nil {
			return nil, err
		}
		if b != nil {
			menus = append(menus, b)
		}
	}
	for _, read := range []func(*facts.Scope) *facts.Boot{systemdBoot, readExtlinux} {
		if b := read(s); b != nil {
			menus = append(menus, b)
		}
	}
	if len(menus) == 0 {
		return other(s)
	}
	first := menus[0]
	for _, m := range menus[1:] {
		if d := difference(first, m); d != "" {
			s.Problem(where(m), 0, fmt.Errorf("the guest has another boot menu in %s, and %s; which one starts is the firmware's choice", where(first), d))
		}
	}
	return first, nil
}

// other is for a guest without a menu that this package reads.
func other(s *facts.Scope) (*facts.Boot, error) {
	b := &facts.Boot{Loader: "none", Default: -1, Why: "no boot loader was found", Entries: []facts.BootEntry{}}
	if entries := readEntries(s, nil); len(entries) > 0 {
		b.Loader, b.Why = "bls", "no boot loader's configuration was found"
		for _, e := range entries {
			b.Entries = append(b.Entries, e.entry)
		}
		if len(entries) == 1 {
			b.Default, b.Why = 0, "the only entry"
		}
	}
	for _, esp := range []string{"/boot/efi", "/efi", "/boot"} {
		images := readUnified(s, esp)
		if b.Loader != "none" || len(images) == 0 {
			continue
		}
		b.Loader, b.Why = "uki", "which unified kernel image starts is the firmware's choice"
		for _, e := range images {
			b.Entries = append(b.Entries, e.entry)
		}
		if len(images) == 1 {
			b.Default, b.Why = 0, "the only unified kernel image"
		}
	}
	return b, nil
}

// glob returns the paths that the patterns match, each file once.
func glob(s *facts.Scope, patterns []string) []string {
	var paths, resolved []string
	for _, pattern := range patterns {
		for _, path := range s.Glob(pattern) {
			target, err := s.Guest.Resolve(path)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				s.Problem(path, 0, err)
			}
			if err != nil || slices.Contains(resolved, target) {
				continue // a link that leads nowhere is no configuration
			}
			paths, resolved = append(paths, path), append(resolved, target)
		}
	}
	return paths
}

// difference says how the default entries of two menus differ, or "".
func difference(a, b *facts.Boot) string {
	x, okX := a.DefaultEntry()
	y, okY := b.DefaultEntry()
	switch {
	case !okX || !okY:
		return "a default is not known"
	case x.Kernel != y.Kernel:
		return "its default kernel differs"
	case arguments(x) != arguments(y):
		return "the arguments of its default entry differ"
	}
	return ""
}

// where returns a file that the menu came from.
func where(b *facts.Boot) string {
	if e, ok := b.DefaultEntry(); ok {
		return e.Source.Path
	}
	if len(b.Entries) > 0 {
		return b.Entries[0].Source.Path
	}
	return ""
}

func arguments(e *facts.BootEntry) string {
	var b strings.Builder
	for _, a := range e.Args {
		b.WriteString(a.Key + "=" + a.Value + "\x00")
	}
	return b.String()
}

// kernelPath returns where the guest has the file that a loader calls name: paths of a loader start at the partition it
// reads, which may be mounted at /boot or be the EFI system partition.
func kernelPath(s *facts.Scope, name string) string {
	if strings.HasPrefix(name, "(") {
		_, name, _ = strings.Cut(name, ")")
	}
	below := strings.TrimLeft(name, "/")
	candidates := []string{"/" + below, "/boot/" + below, "/boot/efi/" + below, "/efi/" + below}
	if subvolume, rest, ok := strings.Cut(below, "/"); ok && strings.HasPrefix(subvolume, "@") {
		candidates = append(candidates, "/"+rest) // GRUB sees all of a Btrfs, the guest one subvolume of it
	}
	for _, path := range candidates {
		if below != "" && exists(s, path) {
			return path
		}
	}
	return name
}

func exists(s *facts.Scope, path string) bool {
	_, err := s.Guest.Stat(path)
	return err == nil
}
