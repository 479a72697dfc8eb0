package boot

import (
	"bytes"
	"debug/elf"
	"debug/pe"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxPESections   = 96 // as Windows has it
	efiApplication  = 10 // subsystem of a program of UEFI
	peOffsetAt      = 0x3c
	peHeaders       = 24 // bytes of the signature and the COFF header
	directoryLength = 8

	// Where the optional header has them, in PE32 and PE32+.
	checksumAt       = 64
	certificatesAt32 = 96 + 4*directoryLength
	certificatesAt64 = 112 + 4*directoryLength
)

// peFile is a program of UEFI (Microsoft PE format, revision 11): a boot loader, or a kernel that is one.
type peFile struct {
	content  []byte
	machine  uint16
	sections []*pe.Section
	optional int // offset of the optional header
	headers  int // bytes of all headers
	entry    uint32
	wide     bool // PE32+
	// certificates are the bytes of the table of signatures, which ends the file: from, and before to.
	certificates span
}

// isPE tells whether b begins as a program of UEFI does.
func isPE(b []byte) bool { return len(b) > peOffsetAt+4 && string(b[:2]) == "MZ" }

// readPE reads the headers of a program and sees that all of it is inside of the file.
func readPE(b []byte) (*peFile, error) {
	if !isPE(b) {
		return nil, binread.Corrupt("no program: it begins with %x, want MZ", b[:min(4, len(b))])
	}
	var f *pe.File
	err := guarded(func() (err error) {
		f, err = pe.NewFile(bytes.NewReader(b))
		return err
	})
	if err != nil {
		return nil, binread.Corrupt("no program: %w", err)
	}
	c := binread.Little(b)
	p := &peFile{content: b, machine: f.Machine, sections: f.Sections, optional: int(c.At(peOffsetAt).U32()) + peHeaders}
	var subsystem uint16
	var image uint32
	switch h := f.OptionalHeader.(type) {
	case *pe.OptionalHeader64:
		p.wide, p.headers, p.entry, subsystem, image = true, int(h.SizeOfHeaders), h.AddressOfEntryPoint, h.Subsystem, h.SizeOfImage
		p.certified(h.DataDirectory[:min(h.NumberOfRvaAndSizes, uint32(len(h.DataDirectory)))])
	case *pe.OptionalHeader32:
		p.headers, p.entry, subsystem, image = int(h.SizeOfHeaders), h.AddressOfEntryPoint, h.Subsystem, h.SizeOfImage
		p.certified(h.DataDirectory[:min(h.NumberOfRvaAndSizes, uint32(len(h.DataDirectory)))])
	default:
		return nil, binread.Corrupt("a program without an optional header")
	}
	if subsystem != efiApplication {
		return nil, binread.Corrupt("a program of subsystem %d, want %d, an application of EFI", subsystem, efiApplication)
	}
	return p, p.bounded(image)
}

// certified notes where the signatures are.
func (p *peFile) certified(directories []pe.DataDirectory) {
	const certificates = 4
	if len(directories) <= certificates || directories[certificates].Size == 0 {
		return
	}
	d := directories[certificates]
	p.certificates = span{int(d.VirtualAddress), int(d.VirtualAddress) + int(d.Size)} // an offset in the file, unlike the others
}

// bounded tells whether a loader finds all that the headers name: firmware refuses a program whose parts are elsewhere.
func (p *peFile) bounded(image uint32) error {
	size := int64(len(p.content))
	end := p.certificates.from
	if end == 0 {
		end = len(p.content)
	}
	switch {
	case p.headers <= 0 || p.headers > end:
		return binread.Corrupt("headers of %d bytes in a program of %d", p.headers, size)
	case len(p.sections) == 0 || len(p.sections) > maxPESections:
		return binread.Corrupt("a program of %d sections, want 1 to %d", len(p.sections), maxPESections)
	case p.headers < p.signaturePlace()+directoryLength || p.certificates.to > 0 && p.certificates.from < p.headers:
		return binread.Corrupt("headers of %d bytes, and signatures at %d", p.headers, p.certificates.from)
	case p.certificates.to > len(p.content):
		return binread.Corrupt("signatures up to %d in a program of %d bytes: it is cut off", p.certificates.to, size)
	}
	started := false
	for _, s := range p.sections {
		switch {
		case s.Size > 0 && !inside(uint64(s.Offset), uint64(s.Size), int64(end)):
			return binread.Corrupt("section %.10q of %d bytes at %d in a program of %d: it is cut off", s.Name, s.Size, s.Offset, size)
		case !inside(uint64(s.VirtualAddress), uint64(s.VirtualSize), int64(image)):
			return binread.Corrupt("section %.10q of %d bytes at %#x in memory, want less than %#x", s.Name, s.VirtualSize, s.VirtualAddress, image)
		}
		started = started || p.entry >= s.VirtualAddress && p.entry-s.VirtualAddress < max(s.Size, s.VirtualSize)
	}
	if !started {
		return binread.Corrupt("a program that starts at %#x, which is in no section", p.entry)
	}
	return nil
}

// signaturePlace is where the headers say where the signatures are.
func (p *peFile) signaturePlace() int {
	if p.wide {
		return p.optional + certificatesAt64
	}
	return p.optional + certificatesAt32
}

// section is the content of a section, and nil where there is none of that name.
func (p *peFile) section(name string) []byte {
	for _, s := range p.sections {
		if s.Name != name {
			continue
		}
		n := s.Size
		if s.VirtualSize > 0 {
			n = min(n, s.VirtualSize) // what follows fills the alignment
		}
		return p.content[s.Offset:][:n]
	}
	return nil
}

// runsOn reports whether the program is for the machine that the guest's programs are for.
func (p *peFile) runsOn(m elf.Machine) bool {
	switch p.machine {
	case pe.IMAGE_FILE_MACHINE_AMD64:
		return m == elf.EM_X86_64
	case pe.IMAGE_FILE_MACHINE_ARM64:
		return m == elf.EM_AARCH64
	case pe.IMAGE_FILE_MACHINE_I386:
		return m == elf.EM_386
	}
	return false
}
