// Package disks collects the domain "disks" from what was found when the machine was opened. It reads nothing by itself.
package disks

import (
	"context"
	"errors"
	"io/fs"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// Collector collects the domain "disks".
var Collector = facts.New("disks", "The disks of the machine, their partitions and file systems", collect).On(guest.Unix, guest.Windows)

func collect(_ context.Context, s *facts.Scope) (*facts.Disks, error) {
	if len(s.Guest.Disks) == 0 {
		return nil, fs.ErrNotExist
	}
	all := facts.Disks{}
	for _, d := range s.Guest.Disks {
		disk := facts.MachineDisk{
			Device: d.Device, Size: d.Size, Content: d.Content, UUID: d.UUID, Label: d.Label, Partitions: []facts.Partition{},
		}
		problem(s, d)
		for _, p := range d.Parts {
			problem(s, p)
			disk.Partitions = append(disk.Partitions, facts.Partition{
				Device: p.Device, Number: p.Number, Type: p.Kind, PartUUID: p.PartUUID, Name: p.PartLabel,
				FSType: p.Content, UUID: p.UUID, Label: p.Label, Size: p.Size, Unread: p.Unread,
				Encrypted: p.Encrypted, Devices: p.Devices,
			})
		}
		all = append(all, disk)
	}
	return &all, nil
}

// problem tells of a table that could not be read: there may be more partitions. A partition whose content is not read is
// described all the same.
func problem(s *facts.Scope, d guest.Disk) {
	if d.Unread != "" && len(d.Parts) == 0 && (d.Content == "gpt" || d.Content == "mbr") {
		s.Problem("", 0, errors.New(d.Device+": "+d.Unread))
	}
}
