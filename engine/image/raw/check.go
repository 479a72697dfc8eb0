package raw

import (
	"context"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const sectorSize = 512 // bytes

// Check implements image.Checker: a raw image has nothing to hold its bytes against but their number.
func (m *Image) Check(_ context.Context, opts image.CheckOptions) (image.Checked, error) {
	var checked image.Checked
	switch rest := m.size % sectorSize; {
	case m.size < sectorSize:
		return checked, binread.Corrupt("raw: %d bytes, want a disk of at least one sector of %d", m.size, sectorSize)
	case rest != 0:
		d := image.Damage{
			Harm: image.Damaged, Problem: "the file ends inside of a sector: it was cut off, or something was added to it",
			Host: m.size - rest, Guest: m.size - rest, Len: rest, Units: 1,
		}
		checked.Add(d)
		opts.Report(d)
	}
	return checked, nil
}
