package appliance

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

var probeLibvirt = probeElement(func(e xml.StartElement) bool { return e.Name.Local == "domain" })

type domain struct {
	XMLName xml.Name      `xml:"domain"`
	Name    string        `xml:"name"`
	Disks   []libvirtDisk `xml:"devices>disk"`
}

type libvirtDisk struct {
	Type   string `xml:"type,attr"`
	Device string `xml:"device,attr"`
	Driver struct {
		Type string `xml:"type,attr"`
	} `xml:"driver"`
	Source struct {
		File     string `xml:"file,attr"`
		Device   string `xml:"dev,attr"`
		Dir      string `xml:"dir,attr"`
		Protocol string `xml:"protocol,attr"`
		Name     string `xml:"name,attr"`
		Pool     string `xml:"pool,attr"`
		Volume   string `xml:"volume,attr"`
	} `xml:"source"`
	Target struct {
		Device string `xml:"dev,attr"`
	} `xml:"target"`
}

// openLibvirt reads a domain. Its disks are taken in the order of the document, which is that of libvirt; their formats are what the
// domain says, and never probed where it does. The backing files that a domain may list are those that the images name themselves.
func openLibvirt(s Source) (*Machine, error) {
	var d domain
	if err := decode(s.File, &d); err != nil {
		return nil, fmt.Errorf("libvirt: %w", err)
	}
	if len(d.Disks) > maxDisks {
		return nil, binread.Limit("libvirt: %d disks, want at most %d", len(d.Disks), maxDisks)
	}
	m := &Machine{Name: strings.TrimSpace(d.Name)}
	for i := range d.Disks {
		if err := m.addLibvirt(&d.Disks[i], s.Files); err != nil {
			return nil, fmt.Errorf("libvirt: disk %q: %w", d.Disks[i].Target.Device, err)
		}
	}
	return m, nil
}

// addLibvirt adds a disk, or says why it is left out.
func (m *Machine) addLibvirt(d *libvirtDisk, files Files) error {
	target, source := d.Target.Device, &d.Source
	switch device := cmp.Or(d.Device, "disk"); {
	case device == "cdrom" || device == "floppy":
		m.Notes = append(m.Notes, fmt.Sprintf("disk %q: a %s, no disk of the machine", target, device))
		return nil
	case device != "disk":
		m.Problems = append(m.Problems, fmt.Sprintf("disk %q: device %q: unsupported, want a file", target, device))
		return nil
	case d.Type != "file":
		where := cmp.Or(source.Device, source.Dir, source.Volume, source.Name)
		m.Problems = append(m.Problems, fmt.Sprintf("disk %q: type %q (%s): unsupported, want a file", target, d.Type,
			strings.TrimLeft(cmp.Or(source.Protocol, source.Pool)+" "+where, " ")))
		return nil
	case source.File == "":
		return binread.Corrupt("no file")
	}
	f, err := files(source.File)
	if err != nil {
		return fmt.Errorf("%q: %w", source.File, err)
	}
	m.Disks = append(m.Disks, Disk{Name: source.File, Format: d.Driver.Type, File: f})
	return nil
}
