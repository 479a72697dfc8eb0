// Package volume defines what lies between a disk and its file systems: partitions, and later volume managers.
//
// Each table or manager is one package below this one. Discovery is a worklist in package engine: every volume that a
// format finds is probed again, so that any nesting works.
package volume

import (
	"context"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

// Volume is a run of bytes that may hold a file system or further volumes: a whole disk, a partition.
type Volume struct {
	io.ReaderAt
	Name   string  // as people call it: "disk", "p1"; unique within a machine
	Size   int64   // bytes
	Offset int64   // in its parent, in bytes; 0 where the bytes are not one run of it
	Number int     // of the partition, from 1; 0 for a disk
	Kind   string  // the partition type, in words where known: "Linux filesystem"
	UUID   string  // PARTUUID: of a GPT partition its own, of an MBR partition "<disk signature>-<number>"
	Label  string  // PARTLABEL
	Active bool    // marked bootable
	Parent *Volume // nil for a disk
}

// Table is what a volume format found in its members.
type Table struct {
	Volumes  []*Volume
	UUID     string    // of the table: GPT disk GUID, MBR disk signature
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
	// Overlapping: partitions share bytes: what is written to one damages the other.
	Overlapping Meaning = "overlapping"
	// Missing: bytes or partitions that the table has are not on the disk.
	Missing Meaning = "missing"
	// Broken: a part of the table cannot be read, and partitions may be missing.
	Broken Meaning = "broken"
)

// Format is one kind of partition table or volume manager.
type Format struct {
	Name  string
	Probe binread.Probe
	// Open reads the table of the members, all at once: LVM and RAID have several. Names of the volumes it returns are
	// local ("p1"); the caller makes them unique.
	Open func(ctx context.Context, members []*Volume) (*Table, error)
}

// Section returns the n bytes of parent at off as a new volume. The caller has checked the bounds.
func Section(parent *Volume, off, n int64) *Volume {
	return &Volume{ReaderAt: io.NewSectionReader(parent, off, n), Offset: off, Size: n, Parent: parent}
}
