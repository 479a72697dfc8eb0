package vdi

import (
	"context"
	"fmt"

	"github.com/guestctl/guestctl/engine/image"
)

// Check implements image.Checker. It finds what qemu-img check finds, and what is in the file and not in the block map.
func (m *Image) Check(ctx context.Context, opts image.CheckOptions) (image.Checked, error) {
	t := image.NewTeller(opts.Report)
	for _, p := range m.problems {
		t.At(image.Damaged, p, image.Nowhere)
	}
	err := m.checkBlocks(ctx, t)
	if err == nil {
		err = m.CheckParent(ctx, opts, t)
	}
	t.Flush()
	if err != nil {
		return t.Checked, fmt.Errorf("vdi: %w", err)
	}
	return t.Checked, nil
}

func (m *Image) checkBlocks(ctx context.Context, t *image.Teller) error {
	layout := image.Layout{File: m.File, Size: m.fileSize, Unit: m.head.stride(), Teller: t}
	if err := layout.Use("the header and the block map", 0, m.head.dataOff, image.Nowhere); err != nil {
		return err
	}
	for i := range m.head.blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := m.head.mapOff + 4*i
		entry, err := m.entry(at)
		if err != nil {
			return fmt.Errorf("entry of the block map at %#x: %w", at, err)
		}
		if entry == blockFree || entry == blockZero {
			continue
		}
		guest := i * m.head.blockSize
		n := min(m.head.blockSize, m.Bytes-guest) // the last one need not be whole
		switch {
		case n <= 0:
			t.At(image.Damaged, "an entry of the block map is of a block behind the end of the disk, and used", at)
			guest, n = image.Nowhere, m.head.blockSize
		case int64(entry) >= m.head.blocks:
			t.Tell(image.Damage{
				Harm: image.Damaged, Problem: fmt.Sprintf("an entry of the block map has a block of a higher number than there are: of %d", m.head.blocks),
				Host: at, Guest: guest, Len: n, Units: 1,
			})
			continue
		}
		t.Checked.Clusters++
		if err := layout.Use("a block", m.head.block(entry), m.head.extra+n, guest); err != nil {
			return err
		}
	}
	if t.Checked.Clusters != m.head.allocated {
		t.At(image.Damaged, fmt.Sprintf("the header counts %d blocks that are allocated, and the block map has %d", m.head.allocated, t.Checked.Clusters), 0x184)
	}
	return layout.Compare(ctx)
}
