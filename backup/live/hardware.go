package live

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
)

// Machine is the hardware that QEMU shows the guest.
type Machine struct {
	Firmware    string `json:"firmware"` // "bios" or "uefi"
	Bus         string `json:"bus"`      // of the disks
	Accelerator string `json:"accelerator"`
}

const (
	bios      = "bios"
	uefi      = "uefi"
	kvm       = "kvm"
	emulation = "tcg" // QEMU's name of it
)

// String names the hardware for people.
func (m Machine) String() string {
	how := "emulation"
	if m.Accelerator == kvm {
		how = "KVM"
	}
	return strings.ToUpper(m.Firmware) + ", disks on " + m.Bus + ", " + how
}

// bus is a way to connect disks: what there is once, and what there is for each disk.
type bus struct {
	name       string
	controller []string
	disk       func(i int) string // the device of disk i
}

// buses are the ways to connect disks, in the order in which they are tried.
func buses() []bus {
	return []bus{
		{"virtio", nil, func(i int) string { return fmt.Sprintf("virtio-blk-pci,drive=disk%d", i) }},
		{"sata", []string{"ich9-ahci,id=sata"}, func(i int) string { return fmt.Sprintf("ide-hd,drive=disk%d,bus=sata.%d", i, i) }},
		{"nvme", nil, func(i int) string { return fmt.Sprintf("nvme,drive=disk%d,serial=disk%d", i, i) }},
		{"virtio-scsi", []string{"virtio-scsi-pci,id=scsi"}, func(i int) string { return fmt.Sprintf("scsi-hd,drive=disk%d,bus=scsi.0", i) }},
		{"pvscsi", []string{"pvscsi,id=scsi"}, func(i int) string { return fmt.Sprintf("scsi-hd,drive=disk%d,bus=scsi.0", i) }},
	}
}

func busOf(name string) bus {
	all := buses()
	return all[slices.IndexFunc(all, func(b bus) bool { return b.name == name })]
}

// tried are the buses for a target, in their order, and whether they are what the target has. QEMU has nothing of the disks of Hyper-V and
// Azure; without a target, and there, the buses are those that most guests have a driver for.
func tried(target string) (order []string, own bool) {
	order, own = map[string][]string{
		"kvm":    {"virtio", "virtio-scsi"},
		"vmware": {"pvscsi", "sata", "nvme"},
		"aws":    {"nvme"},
		"gcp":    {"virtio-scsi", "nvme"},
	}[target]
	if !own {
		order = []string{"virtio", "sata"}
	}
	return order, own
}

// machines are what the guest is tried on, one after the other.
func (b *booter) machines() ([]Machine, error) {
	firmwares, err := b.firmwares()
	if err != nil {
		return nil, err
	}
	buses, own := tried(b.Target)
	if b.Target != "" && !own {
		b.note("QEMU has no disks as %s has them", b.Target)
	}
	var all []Machine
	for _, firmware := range firmwares {
		for _, bus := range buses {
			all = append(all, Machine{Firmware: firmware, Bus: bus})
		}
	}
	return all, nil
}

// firmwares are the kinds of firmware that find something to start: code in the first sector, an EFI system partition. Where there is
// neither, a BIOS says so best.
func (b *booter) firmwares() ([]string, error) {
	esp := slices.ContainsFunc(b.machine.Volumes, func(v engine.Volume) bool { return strings.HasPrefix(v.Kind, "EFI") })
	const code = 440 // bytes of the first sector that a BIOS runs
	first, err := binread.ReadAt(b.machine.Disks[0], 0, code, code)
	has := err == nil && len(strings.Trim(string(first), "\x00")) > 0
	switch {
	case !esp:
		return []string{bios}, nil
	case b.qemu.ovmf.code == "" && has:
		b.note("the disk has an EFI system partition, too, and no firmware for it is installed: started with a BIOS only")
		return []string{bios}, nil
	case b.qemu.ovmf.code == "":
		return nil, &lackError{"the guest starts from UEFI, and no OVMF firmware is installed", "install OVMF: apt install ovmf, or dnf install edk2-ovmf"}
	case has:
		return []string{bios, uefi}, nil
	}
	return []string{uefi}, nil
}

// descriptors of the files that QEMU inherits.
const (
	monitorFile = 3 + iota
	serialFile
	diskFile // the first of the disks
)

// args is QEMU's command line. Nothing of the image is in it. Vars is the private copy of the firmware's variables.
func (b *booter) args(m Machine, vars, marker string) []string {
	bus := busOf(m.Bus)
	args := []string{
		"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-nic", "none",
		"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
		"-name", "guestctl", "-m", strconv.Itoa(memory), "-smp", "1", "-rtc", "base=utc",
		"-cpu", map[string]string{kvm: "host", emulation: "max"}[m.Accelerator],
		"-chardev", fmt.Sprintf("socket,id=monitor,fd=%d", monitorFile), "-mon", "chardev=monitor,mode=control",
		"-chardev", fmt.Sprintf("socket,id=serial,fd=%d", serialFile), "-serial", "chardev:serial",
		"-smbios", "type=11,value=" + marker,
	}
	if m.Firmware == uefi {
		args = append(args, "-machine", "q35,accel="+m.Accelerator, "-vga", "std",
			"-blockdev", flash("code", b.qemu.ovmf.code, true),
			"-blockdev", flash("vars", vars, false),
			"-machine", "pflash0=code,pflash1=vars")
	} else {
		// The card has no driver in Linux, so that its console stays a text that can be read. The text of the firmware and of the boot
		// loader goes to the serial port, too.
		args = append(args, "-machine", "pc,graphics=off,accel="+m.Accelerator, "-vga", "none", "-device", "isa-vga")
	}
	if m.Accelerator == emulation {
		// The guest's clock counts its instructions, 4 ns each. On a busy host a kernel else finds that its timer does not work, and panics,
		// and services are given up that had no time to start.
		args = append(args, "-icount", "shift=2")
	}
	for _, c := range bus.controller {
		args = append(args, "-device", c)
	}
	for i := range b.machine.Disks {
		args = append(args,
			"-blockdev", fmt.Sprintf(`{"driver":"nbd","node-name":"disk%d","server":{"type":"fd","str":"%d"},"export":"","reconnect-delay":0}`, i, diskFile+i),
			"-device", fmt.Sprintf("%s,bootindex=%d", bus.disk(i), i))
	}
	return args
}

// flash is a chip of the firmware, as QEMU wants it named.
func flash(name, file string, readOnly bool) string {
	b, err := json.Marshal(map[string]any{
		"driver": "raw", "node-name": name, "read-only": readOnly, "file": map[string]any{"driver": "file", "filename": file},
	})
	if err != nil {
		return "" // text and truth values can be written
	}
	return string(b)
}

// usable reports whether KVM can be asked for.
func usable(device string) bool {
	if runtime.GOARCH != "amd64" {
		return false
	}
	f, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	_ = f.Close() // nothing was written
	return true
}

func accelerator(fast bool) string {
	if fast {
		return kvm
	}
	return emulation
}
