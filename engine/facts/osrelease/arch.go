package osrelease

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

// programs of which one is on every guest that can boot or run a shell.
var programs = []string{
	"/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/sbin/init", "/usr/bin/init", "/bin/sh", "/usr/bin/sh", "/bin/busybox",
}

// elfHeaderSize covers e_ident, e_type and e_machine (ELF-64 object file format, version 1.5, section 3).
const elfHeaderSize = 20

// arch returns the architecture of the first of the programs that is an ELF file, as uname -m has it.
func arch(s *facts.Scope) string {
	for _, program := range programs {
		f, err := s.Guest.Open(program)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			s.Problem(program, 0, err)
		}
		if f == nil || f.Size() < elfHeaderSize {
			continue
		}
		header, err := binread.ReadAt(f, 0, elfHeaderSize, elfHeaderSize)
		if err != nil {
			s.Problem(program, 0, err)
			continue
		}
		if string(header[:4]) != elf.ELFMAG {
			continue
		}
		name, err := machineName(header)
		if err != nil {
			s.Problem(program, 0, err)
			continue
		}
		return name
	}
	return ""
}

func machineName(header []byte) (string, error) {
	class, data := elf.Class(header[elf.EI_CLASS]), elf.Data(header[elf.EI_DATA])
	c := binread.Little(header)
	if data == elf.ELFDATA2MSB {
		c = binread.Big(header)
	}
	machine := elf.Machine(c.At(18).U16()) // e_machine
	is64, little := class == elf.ELFCLASS64, data == elf.ELFDATA2LSB
	switch {
	case machine == elf.EM_X86_64:
		return "x86_64", nil // the x32 ABI too: its kernel is x86_64
	case machine == elf.EM_386:
		return "i686", nil
	case machine == elf.EM_AARCH64:
		return "aarch64", nil
	case machine == elf.EM_ARM:
		return "arm", nil // which armvN the kernel says is not in the header
	case machine == elf.EM_PPC64 && little:
		return "ppc64le", nil
	case machine == elf.EM_PPC64:
		return "ppc64", nil
	case machine == elf.EM_S390 && is64:
		return "s390x", nil
	case machine == elf.EM_RISCV && is64:
		return "riscv64", nil
	case machine == elf.EM_LOONGARCH && is64:
		return "loongarch64", nil
	case machine == elf.EM_MIPS && is64:
		return "mips64", nil
	case machine == elf.EM_MIPS:
		return "mips", nil
	}
	return "", fmt.Errorf("ELF machine %d, class %d: not an architecture known here", uint16(machine), class)
}

// initSystem says what /sbin/init is. BusyBox's init starts OpenRC where that is installed, as on Alpine.
func initSystem(s *facts.Scope) string {
	target, err := s.Guest.Resolve("/sbin/init")
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.Problem("/sbin/init", 0, err)
		}
		return ""
	}
	switch path.Base(target) {
	case "systemd":
		return "systemd"
	case "openrc-init":
		return "openrc"
	case "busybox":
		if s.Exists("/sbin/openrc") {
			return "openrc"
		}
		return "busybox"
	case "init":
		switch {
		case len(s.Glob("/etc/init/*.conf")) > 0:
			return "" // upstart, which reads an inittab too
		case s.Exists("/sbin/openrc"):
			return "openrc"
		case s.Exists("/etc/inittab"):
			return "sysvinit"
		}
	}
	return ""
}
