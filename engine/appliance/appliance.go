// Package appliance reads descriptions of machines, which name the disks of a machine: OVF and OVA (DMTF DSP0243 1.1 and 2.1) and the
// domain XML of libvirt (https://libvirt.org/formatdomain.html).
//
// A description is hostile like an image: it names files, and which of them may be opened is for the caller to say. An archive is read
// in place and never unpacked. Signatures of appliances (.cert) are named and not verified.
package appliance

import (
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

// maxDisks is how many disks a machine may have.
const maxDisks = 256

// Machine is a machine as its description has it.
type Machine struct {
	Format string // "ova", "ovf", "libvirt"
	Name   string // of the machine; "" where it has none
	Disks  []Disk // in the order of the machine, at least one
	// Problems are disks that are named and cannot be had, and whatever else is wrong without being damage.
	Problems []string
	// Notes are what was left out because it is no disk of the machine, and what was not verified.
	Notes []string
	// Package is the files that belong together by a manifest; nil where the format knows none.
	Package *Package
}

// Disk is a disk that a description names.
type Disk struct {
	Name     string // as the description has it
	Format   string // of the image, where the description decides it; "" is for probing
	Capacity int64  // bytes of the virtual disk; 0 where it is not said
	File
}

// File is an open file that a description names, or its stretch of an archive.
type File struct {
	io.ReaderAt
	Size int64 // bytes
}

// Files opens the file that a description calls name. It refuses what is outside the allowed directories (binread.ErrRefused).
type Files func(name string) (File, error)

// Source is the file of a description.
type Source struct {
	File
	Name string // in its directory
	// Files opens what the description names.
	Files Files
}

// Format is one format of descriptions.
type Format struct {
	Name  string
	Probe binread.Probe
	Open  func(s Source) (*Machine, error)
}

// Formats lists the formats in the order they are tried.
func Formats() []Format {
	return []Format{
		{"ova", probeOVA, openOVA},
		{"ovf", probeOVF, openOVF},
		{"libvirt", probeLibvirt, openLibvirt},
	}
}

// Open reads the description in a file. It returns nil where the file is none.
func Open(s Source) (*Machine, error) {
	for _, f := range Formats() {
		ok, err := f.Probe(s, s.Size)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		m, err := f.Open(s)
		if err != nil {
			return nil, err
		}
		m.Format = f.Name
		return m, m.validate()
	}
	return nil, nil
}

func (m *Machine) validate() error {
	switch n := len(m.Disks); {
	case n == 0 && len(m.Problems) > 0:
		return binread.Unsupported("%s: no disk that can be read: %s", m.Format, m.Problems[0])
	case n == 0:
		return binread.Unsupported("%s: a machine without disks", m.Format)
	case n > maxDisks:
		return binread.Limit("%s: %d disks, want at most %d", m.Format, n, maxDisks)
	}
	return nil
}
