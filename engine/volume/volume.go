// Package volume defines what lies between a disk and its file systems: partition tables, volume managers, RAID, encryption.
//
// Each of them is one package below this one. Discovery is a worklist in package engine: every volume that a format finds is
// probed again, so that any nesting works. A format whose volumes lie on several members has them collected first.
package volume

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/guestctl/guestctl/engine/binread"
)

// Volume is a run of bytes that may hold a file system or further volumes: a whole disk, a partition, a logical volume, a file.
type Volume struct {
	io.ReaderAt
	Name   string  // as people call it: "disk", "p1", "rl/root"; unique within a machine
	Size   int64   // bytes
	Offset int64   // in its parent, in bytes; 0 where the bytes are not one run of it
	Number int     // of the partition, from 1; 0 for what is no partition
	Kind   string  // the partition type, in words where known: "Linux filesystem"
	UUID   string  // PARTUUID: of a GPT partition its own, of an MBR partition "<disk signature>-<number>"; of a logical volume its own
	Label  string  // PARTLABEL
	Active bool    // marked bootable
	Parent *Volume // nil for a disk; of a volume on several members the first
	File   string  // the path of the file that it is, in the file system of its parent; "" for what is no file
	// Members are what the volume lies on where that is more than its parent.
	Members []*Volume
	// Devices are the paths below /dev by which a running guest knows the volume, where they are not made of its disk and number.
	Devices []string
	// Lies tells where the n bytes at off lie, as Locate does; nil for a run of the parent, and for what is nowhere as it is.
	Lies func(off, n int64) (Place, bool)
	// Cipher names how the bytes are encrypted in the parent: "aes-xts-plain64"; "" where they are not.
	Cipher string
	// Err is why the volume cannot be read although it is known; nil where it can.
	Err error
}

// Called reports whether a person means v: by its name, or by its number on a machine of one disk.
func (v *Volume) Called(device string) bool {
	return device == v.Name || v.Number > 0 && device == strconv.Itoa(v.Number) && v.Name == "p"+device
}

// Encrypted names how the bytes of v are encrypted on every disk that it lies on, and is "" where they are not on one.
func (v *Volume) Encrypted() string {
	if v.Cipher != "" {
		return v.Cipher
	}
	below := v.Members
	if len(below) == 0 && v.Parent != nil {
		below = []*Volume{v.Parent}
	}
	found := ""
	for _, m := range below {
		if found = m.Encrypted(); found == "" {
			return ""
		}
	}
	return found
}

// Place is a run of bytes in a volume.
type Place struct {
	At       *Volume
	Off, Len int64 // bytes
}

// Locate returns where the bytes at off of v lie: a run of at most n bytes, in a volume that v lies on. ok is false for a disk, and
// where the bytes are nowhere as they are: decrypted, or put together from several copies.
func (v *Volume) Locate(off, n int64) (Place, bool) {
	switch {
	case n <= 0 || off < 0 || off >= v.Size:
		return Place{}, false
	case v.Lies != nil:
		return v.Lies(off, min(n, v.Size-off))
	case v.Parent == nil || v.Offset == 0:
		return Place{}, false
	}
	return Place{v.Parent, v.Offset + off, min(n, v.Size-off)}, true
}

// Bottom returns where the bytes at off of v lie on a disk, as Locate does, whatever is in between.
func (v *Volume) Bottom(off, n int64) (Place, bool) {
	if n <= 0 || off < 0 || off >= v.Size {
		return Place{}, false
	}
	p, ok := Place{v, off, min(n, v.Size-off)}, true
	for ok && p.At.Parent != nil {
		p, ok = p.At.Locate(p.Off, p.Len)
	}
	return p, ok
}

// Table is what a volume format found in its members.
type Table struct {
	Volumes  []*Volume
	Name     string    // of the set: "rl" for a volume group; "" for a partition table
	UUID     string    // of the table: GPT disk GUID, MBR disk signature, of a volume group or array its own
	Problems []Problem // such as a damaged primary header
}

// Messages are the problems in words.
func (t *Table) Messages() []string {
	var all []string
	for _, p := range t.Problems {
		all = append(all, p.Message)
	}
	return all
}

// Problem is something wrong with a table.
type Problem struct {
	Meaning Meaning
	Message string
}

// Problemf returns a problem.
func Problemf(m Meaning, format string, args ...any) Problem {
	return Problem{m, fmt.Sprintf(format, args...)}
}

// Meaning is what a problem of a table means for who needs the disk.
type Meaning string

// The meanings.
const (
	// Cosmetic: every system reads the table as it is.
	Cosmetic Meaning = "cosmetic"
	// Unprotected: one of the two copies of a table is damaged, and the other serves.
	Unprotected Meaning = "unprotected"
	// Ambiguous: systems differ in what they take for the table, or for a partition.
	Ambiguous Meaning = "ambiguous"
	// Degraded: a copy of the data is missing, and another serves.
	Degraded Meaning = "degraded"
	// Overlapping: partitions share bytes: what is written to one damages the other.
	Overlapping Meaning = "overlapping"
	// Missing: bytes or partitions that the table has are not on the disk.
	Missing Meaning = "missing"
	// Broken: a part of the table cannot be read, and partitions may be missing.
	Broken Meaning = "broken"
)

// Format is one kind of partition table, volume manager, RAID or encryption.
type Format struct {
	Name  string
	Probe binread.Probe
	// Set names the set that a member belongs to: all members of a set are opened together, once nothing else is left to look at.
	// It is nil for formats that need one member alone. The error is about this member.
	Set func(member *Volume) (string, error)
	// Claims names sets, as Set does, whose members belong to the set of this member: of members that do not say themselves to which
	// set they belong. It is nil for formats whose members all say it.
	Claims func(member *Volume) []string
	// Open reads the table of the members, in the order in which they were found. Names of the volumes it returns are local ("p1");
	// the caller makes them unique. What is missing of a set is a problem of the table, and the Err of the volumes that need it.
	Open func(ctx context.Context, members []*Volume, opts Options) (*Table, error)
	// Detached opens a volume whose header lies in a file of its own. It is nil for formats that have none such.
	Detached func(ctx context.Context, v *Volume, from Header, opts Options) (*Table, error)
}

// Header is the header of a volume, in a file of its own.
type Header struct {
	io.ReaderAt
	Device string // the volume it is of, as Called has it
	Size   int64  // bytes
}

// Options say how to open a table.
type Options struct {
	Keys []Key // for encrypted volumes
}

// Key is a secret that a person gave for an encrypted volume.
type Key struct {
	Device string                 // the volume it is for, as Called has it, the UUID of an encrypted volume, or "*" for any
	Secret func() ([]byte, error) // read when it is needed; the caller wipes it
}

// DynamicDisk is why a partition of a dynamic disk of Windows (LDM) is not read: a database at its end says what lies where.
func DynamicDisk() error {
	return binread.WithHint(binread.Unsupported("part of a dynamic disk (LDM): not read by this version"), "convert the disk to a basic one and make the image again")
}

// Section returns the n bytes of parent at off as a new volume. The caller has checked the bounds.
func Section(parent *Volume, off, n int64) *Volume {
	return &Volume{ReaderAt: io.NewSectionReader(parent, off, n), Offset: off, Size: n, Parent: parent}
}
