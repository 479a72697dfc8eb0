package vhdx

import (
	"context"
	"fmt"

	"github.com/guestctl/guestctl/engine/image"
)

// Check implements image.Checker. It finds what qemu-img check finds: blocks over a region, and beyond the end; and tells beside it what
// that passes over.
func (m *Image) Check(ctx context.Context, opts image.CheckOptions) (image.Checked, error) {
	t := image.NewTeller(opts.Report)
	for _, p := range m.problems {
		t.At(image.Doubtful, p, image.Nowhere)
	}
	k := &check{Image: m, t: t, layout: image.Layout{File: m.File, Size: m.file.size, Unit: m.meta.blockSize, Teller: t, Discards: true}}
	err := k.run(ctx)
	if err == nil {
		err = m.CheckParent(ctx, opts, t)
	}
	t.Flush()
	if err != nil {
		return t.Checked, fmt.Errorf("vhdx: %w", err)
	}
	return t.Checked, nil
}

// check is a check that is going on.
type check struct {
	*Image
	t      *image.Teller
	layout image.Layout
}

func (k *check) run(ctx context.Context) error {
	if err := k.structures(); err != nil {
		return err
	}
	blocks, ratio := k.meta.blocks(), k.meta.chunkRatio()
	for i := range blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := k.block(i); err != nil {
			return err
		}
		if k.meta.hasParent && (i%ratio == ratio-1 || i == blocks-1) {
			if err := k.bitmapBlock(i / ratio); err != nil {
				return err
			}
		}
	}
	return k.layout.Compare(ctx)
}

// structures notes where everything is that is no block.
func (k *check) structures() error {
	if err := k.layout.Use("the header section", 0, sectionSize, image.Nowhere); err != nil {
		return err
	}
	if err := k.layout.Use("the log", k.head.logOff, k.head.logLen, image.Nowhere); err != nil {
		return err
	}
	for _, r := range k.regions.all {
		name := "a region"
		switch r.id {
		case batRegion:
			name = "the block allocation table"
		case metadataRegion:
			name = "the metadata"
		}
		if err := k.layout.Use(name, r.off, r.n, image.Nowhere); err != nil {
			return err
		}
	}
	return nil
}

// block looks at the entry of a payload block.
func (k *check) block(i int64) error {
	e, err := k.payload(i)
	if err != nil {
		return err
	}
	k.reserved(e)
	guest := i * k.meta.blockSize
	n := min(k.meta.blockSize, k.Bytes-guest) // the last one need not be whole
	used := e.host > 0
	switch e.state {
	case notPresent, zeroed:
		return nil
	case undefined, unmapped: // the bytes from before may still be there
	case partiallyPresent:
		if _, _, err := k.present(e, guest, n); err != nil {
			k.t.Tell(image.Damage{Harm: image.Damaged, Problem: err.Error(), Host: e.at, Guest: guest, Len: n, Units: 1})
		}
		used = true
	case fullyPresent:
		used = true
	default:
		k.t.Tell(image.Damage{Harm: image.Damaged, Problem: fmt.Sprintf("an entry of the block allocation table has the state %d", e.state), Host: e.at, Guest: guest, Len: n, Units: 1})
		return nil
	}
	if !used {
		return nil
	}
	k.t.Checked.Clusters++
	return k.layout.Use("a block", e.host, n, guest)
}

// bitmapBlock looks at the entry of a sector bitmap block.
func (k *check) bitmapBlock(chunk int64) error {
	e, err := k.bitmap(chunk)
	if err != nil {
		return err
	}
	k.reserved(e)
	switch e.state {
	case notPresent:
		return nil
	case bitmapPresent:
		return k.layout.Use("a sector bitmap", e.host, bitmapSize, image.Nowhere)
	}
	k.t.At(image.Damaged, fmt.Sprintf("an entry of a sector bitmap has the state %d", e.state), e.at)
	return nil
}

func (k *check) reserved(e entry) {
	if e.reserved {
		k.t.At(image.Damaged, "an entry of the block allocation table has reserved bits set", e.at)
	}
}
