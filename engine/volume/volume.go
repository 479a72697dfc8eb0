// Package volume defines what lies between a disk and its file systems: partitions, and later volume managers.
//
// Each table or manager is one package below this one. Discovery is a worklist in package engine: every volume that a
// format finds is probed again, so that any nesting works.
package volume

import (
	"context"
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
	UUID     string   // of the table: GPT disk GUID, MBR disk signature
	Problems []string // such as a damaged primary header
}

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
