package boot

import (
	"bytes"
	"slices"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

// The kinds of firmware whose way is followed.
const (
	bios = "bios"
	uefi = "uefi"

	// FirmwareAuto is every firmware that the disks are laid out for.
	FirmwareAuto = "auto"
)

// Firmwares are the kinds of firmware that a proof can be asked for.
func Firmwares() []string { return []string{FirmwareAuto, bios, uefi} }

// laidOut are the kinds of firmware whose way is followed: where a disk is laid out for both, both have to hold.
func (p *prover) laidOut() []string {
	if f := p.opts.Firmware; f != "" && f != FirmwareAuto {
		return []string{f}
	}
	hasCode, hasGRUB := p.bootCode()
	hasBIOS := hasGRUB || slices.ContainsFunc(p.machine.Volumes, func(v engine.Volume) bool { return v.Kind == "BIOS boot" })
	hasUEFI := len(p.systemPartitions()) > 0
	switch {
	case hasBIOS && hasUEFI:
		return []string{bios, uefi}
	case hasUEFI:
		return []string{uefi}
	case !hasBIOS && !hasCode && p.hasLoader(uefi):
		return []string{uefi}
	}
	return []string{bios}
}

// bootCode reports whether a disk has code in its first sector, and whether it is GRUB's: partitioning tools leave code there, too, that
// starts nothing.
func (p *prover) bootCode() (code, grub bool) {
	for _, d := range p.machine.Disks {
		b, err := binread.ReadAt(d, 0, sector, sector)
		if err != nil {
			continue // the link of the firmware says so
		}
		code = code || !isZero(b[:codeSize])
		grub = grub || bytes.Contains(b, grubWords)
	}
	return code, grub
}

// hasLoader reports whether the guest has the files of a loader for that firmware.
func (p *prover) hasLoader(kind string) bool {
	b, ok := facts.Get[facts.Boot](p.doc, "boot")
	return ok && slices.ContainsFunc(b.Firmware, func(f facts.FirmwareLoader) bool { return f.Kind == kind })
}

// foundFirmware notes whose way was followed.
func (p *prover) foundFirmware(kind string) {
	if p.proof.Firmware != "" {
		kind = p.proof.Firmware + "+" + kind
	}
	p.proof.Firmware = kind
}
