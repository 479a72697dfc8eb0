package appliance

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// Resource types of CIM (CIM_ResourceAllocationSettingData, ResourceType) that matter for disks.
const (
	floppyDrive = "14"
	cdDrive     = "15"
	dvdDrive    = "16"
	hardDisk    = "17"
)

// probeOVF recognises an envelope, whose namespace ends in /ovf/envelope/1 or /2, and an older one in /ovf/1/envelope.
var probeOVF = probeElement(func(e xml.StartElement) bool {
	return e.Name.Local == "Envelope" && slices.ContainsFunc(e.Attr, func(a xml.Attr) bool {
		return strings.Contains(a.Value, "/ovf/")
	})
})

type envelope struct {
	Files   []ovfFile `xml:"References>File"`
	Disks   []ovfDisk `xml:"DiskSection>Disk"`
	Systems []struct {
		ID    string    `xml:"id,attr"`
		Name  string    `xml:"Name"`
		Items []ovfItem `xml:"VirtualHardwareSection>Item"`
		// Storage are the items of OVF 2, which have elements of their own.
		Storage []ovfItem `xml:"VirtualHardwareSection>StorageItem"`
	} `xml:"VirtualSystem"`
	Collections []struct{} `xml:"VirtualSystemCollection"`
}

type ovfFile struct {
	ID          string `xml:"id,attr"`
	Href        string `xml:"href,attr"`
	Size        string `xml:"size,attr"`
	Compression string `xml:"compression,attr"`
	ChunkSize   string `xml:"chunkSize,attr"`
}

type ovfDisk struct {
	ID       string `xml:"diskId,attr"`
	File     string `xml:"fileRef,attr"`
	Parent   string `xml:"parentRef,attr"`
	Capacity string `xml:"capacity,attr"`
	Units    string `xml:"capacityAllocationUnits,attr"`
}

type ovfItem struct {
	ID       string   `xml:"InstanceID"`
	Type     string   `xml:"ResourceType"`
	Host     []string `xml:"HostResource"`
	Parent   string   `xml:"Parent"`
	Address  string   `xml:"Address"`
	OnParent string   `xml:"AddressOnParent"`
	Name     string   `xml:"ElementName"`
}

func openOVF(s Source) (*Machine, error) {
	m, e, err := readOVF(s.File, s.Files)
	if err != nil {
		return nil, fmt.Errorf("ovf: %w", err)
	}
	base := strings.TrimSuffix(s.Name, path.Ext(s.Name))
	m.Package, err = readPackage(s.Name, base, e.references(), func(name string) (File, error) {
		if name == s.Name {
			return s.File, nil
		}
		return s.Files(name)
	})
	if err != nil {
		return nil, fmt.Errorf("ovf: %w", err)
	}
	m.Notes = append(m.Notes, m.Package.notes()...)
	return m, nil
}

// readOVF reads the envelope in f, whose disks files opens.
func readOVF(f File, files Files) (*Machine, *envelope, error) {
	var e envelope
	if err := decode(f, &e); err != nil {
		return nil, nil, err
	}
	switch {
	case len(e.Collections) > 0 || len(e.Systems) > 1:
		return nil, nil, binread.WithHint(binread.Unsupported("several virtual systems, want one machine"), "name the disks of one of them, each with --disk")
	case len(e.Systems) == 0:
		return nil, nil, binread.Corrupt("no virtual system")
	case len(e.Disks) > maxDisks:
		return nil, nil, binread.Limit("%d disks, want at most %d", len(e.Disks), maxDisks)
	}
	m := &Machine{Name: strings.TrimSpace(cmp.Or(e.Systems[0].Name, e.Systems[0].ID))}
	attached, notes := e.attached()
	m.Notes = notes
	for _, d := range attached {
		if err := m.addOVF(&e, d, files); err != nil {
			return nil, nil, fmt.Errorf("disk %q: %w", d.ID, err)
		}
	}
	return m, &e, nil
}

// addOVF adds a disk, or says why it cannot be had.
func (m *Machine) addOVF(e *envelope, d ovfDisk, files Files) error {
	i := slices.IndexFunc(e.Files, func(f ovfFile) bool { return f.ID == d.File })
	switch {
	case d.File == "":
		m.Notes = append(m.Notes, fmt.Sprintf("disk %q is made empty when the machine is: it has no file", d.ID))
		return nil
	case i < 0:
		return binread.Corrupt("file %q is not among the references", d.File)
	case d.Parent != "":
		return binread.Unsupported("it holds what differs from disk %q, want whole disks", d.Parent)
	}
	f := e.Files[i]
	switch {
	case strings.Contains(f.Href, "://"):
		m.Problems = append(m.Problems, fmt.Sprintf("disk %q: %q is on a network: unsupported", d.ID, f.Href))
		return nil
	case f.ChunkSize != "":
		return binread.Unsupported("%q comes in chunks of %s bytes, want one file", f.Href, f.ChunkSize)
	case f.Compression != "" && f.Compression != "identity" && f.Compression != "gzip":
		return binread.Unsupported("%q: compression %q, want gzip or identity", f.Href, f.Compression)
	}
	file, err := openReference(f.Href, files)
	if err != nil {
		return fmt.Errorf("%q: %w", f.Href, err)
	}
	capacity, err := capacityOf(d)
	if err != nil {
		m.Problems = append(m.Problems, fmt.Sprintf("disk %q: %v", d.ID, err))
	}
	m.Disks = append(m.Disks, Disk{Name: f.Href, Capacity: capacity, File: file})
	return nil
}

// openReference opens a file by its href, which may have percent signs in place of other characters (RFC 3986).
func openReference(href string, files Files) (File, error) {
	file, err := files(href)
	if errors.Is(err, fs.ErrNotExist) {
		if plain, bad := url.PathUnescape(href); bad == nil && plain != href {
			return files(plain)
		}
	}
	return file, err
}

// references are the files that belong to the appliance.
func (e *envelope) references() []reference {
	var all []reference
	for _, f := range e.Files {
		if strings.Contains(f.Href, "://") {
			continue
		}
		size, err := strconv.ParseInt(f.Size, 10, 64)
		if err != nil {
			size = -1
		}
		all = append(all, reference{f.Href, size})
	}
	return all
}

// attached are the disks that the hardware has, in the order of controllers and addresses, and notes on what else it has. Without a
// hardware that names disks all disks are meant.
func (e *envelope) attached() (disks []ovfDisk, notes []string) {
	items := slices.Concat(e.Systems[0].Items, e.Systems[0].Storage)
	type slot struct {
		disk ovfDisk
		at   []int
	}
	var slots []slot
	seen := map[string]bool{}
	for i, item := range items {
		switch item.Type {
		case floppyDrive, cdDrive, dvdDrive:
			notes = append(notes, fmt.Sprintf("%s: a drive, no disk of the machine", cmp.Or(strings.TrimSpace(item.Name), "drive")))
		case hardDisk:
			for _, host := range item.Host {
				d := slices.IndexFunc(e.Disks, func(d ovfDisk) bool { return host == "ovf:/disk/"+d.ID || host == "/disk/"+d.ID })
				if d < 0 || seen[e.Disks[d].ID] {
					continue
				}
				seen[e.Disks[d].ID] = true
				slots = append(slots, slot{e.Disks[d], append(controller(items, item.Parent), number(item.OnParent), i)})
			}
		}
	}
	if len(slots) == 0 {
		return e.Disks, notes
	}
	slices.SortStableFunc(slots, func(a, b slot) int { return slices.Compare(a.at, b.at) })
	for _, s := range slots {
		disks = append(disks, s.disk)
	}
	for _, d := range e.Disks {
		if !seen[d.ID] {
			notes = append(notes, fmt.Sprintf("disk %q is attached to nothing", d.ID))
		}
	}
	return disks, notes
}

// controller places a controller: where the first of its type stands, its address, where it stands.
func controller(items []ovfItem, id string) []int {
	at := slices.IndexFunc(items, func(i ovfItem) bool { return i.ID == id })
	if at < 0 || id == "" {
		return []int{len(items), 0, 0}
	}
	first := slices.IndexFunc(items, func(i ovfItem) bool { return i.Type == items[at].Type })
	return []int{first, number(items[at].Address), at}
}

// number reads an address. What is none stands last.
func number(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		return 1 << 30
	}
	return n
}

// capacityOf is the capacity of a disk in bytes, 0 where none is said.
func capacityOf(d ovfDisk) (int64, error) {
	if d.Capacity == "" || strings.HasPrefix(d.Capacity, "$") { // a property that whoever deploys it chooses
		return 0, nil
	}
	n, err := strconv.ParseUint(d.Capacity, 10, 63)
	unit, ok := unitOf(d.Units)
	if err != nil || !ok {
		return 0, fmt.Errorf("capacity %q of %q, want a number of bytes", d.Capacity, d.Units)
	}
	high, low := bits.Mul64(n, unit)
	if high != 0 || low > 1<<62 {
		return 0, fmt.Errorf("capacity %q of %q is more than any disk has", d.Capacity, d.Units)
	}
	return int64(low), nil
}

// unitOf is a programmatic unit (DSP0004, annex C.1) such as "byte * 2^30", or a word of OVF 0.9.
func unitOf(s string) (uint64, bool) {
	switch s = strings.ReplaceAll(s, " ", ""); s {
	case "", "byte", "Bytes":
		return 1, true
	case "KiloBytes":
		return 1 << 10, true
	case "MegaBytes":
		return 1 << 20, true
	case "GigaBytes":
		return 1 << 30, true
	}
	factor, ok := strings.CutPrefix(s, "byte*")
	if !ok {
		return 0, false
	}
	base, exponent, power := strings.Cut(factor, "^")
	b, err := strconv.ParseUint(base, 10, 62)
	if !power || err != nil {
		return b, err == nil
	}
	e, err := strconv.ParseUint(exponent, 10, 6)
	if err != nil {
		return 0, false
	}
	unit := uint64(1)
	for range e {
		high, low := bits.Mul64(unit, b)
		if high != 0 {
			return 0, false
		}
		unit = low
	}
	return unit, true
}
