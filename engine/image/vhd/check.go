package vhd

import (
	"context"
	"fmt"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

// Check implements image.Checker. qemu-img has no check of this format.
func (m *Image) Check(ctx context.Context, opts image.CheckOptions) (image.Checked, error) {
	k := &check{Image: m, ctx: ctx, opts: opts, t: image.NewTeller(opts.Report)}
	err := k.run()
	k.t.Flush()
	if err != nil {
		return k.t.Checked, fmt.Errorf("vhd: %w", err)
	}
	return k.t.Checked, nil
}

// check is a check that is going on.
type check struct {
	*Image
	ctx    context.Context //nolint:containedctx // of the one call that it lives in
	opts   image.CheckOptions
	t      *image.Teller
	layout image.Layout
}

func (k *check) run() error {
	for _, p := range k.problems {
		k.t.At(image.Doubtful, p, k.foot.off)
	}
	if k.head == nil {
		return nil
	}
	k.layout = image.Layout{File: k.File, Size: k.fileSize, Unit: k.head.bitmapSize() + k.head.blockSize, Teller: k.t}
	for _, step := range []func() error{k.use, k.blocks, k.compare, k.parent} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// use notes where the structures are that are no blocks.
func (k *check) use() error {
	type part struct {
		name   string
		off, n int64
	}
	parts := []part{
		{"the copy of the footer", 0, footerSize},
		{"the header", k.head.off, headerSize},
		{"the block allocation table", k.head.tableOff, (k.head.entries*4 + sectorSize - 1) &^ (sectorSize - 1)},
	}
	if k.foot.off > 0 {
		parts = append(parts, part{"the footer", k.foot.off, k.fileSize - k.foot.off})
	}
	for _, l := range k.head.locators {
		if k.foot.kind == differencing && l.n > 0 {
			parts = append(parts, part{"a name of the parent", l.off, l.n})
		}
	}
	for _, p := range parts {
		if err := k.layout.Use(p.name, p.off, p.n, image.Nowhere); err != nil {
			return err
		}
	}
	return nil
}

// blocks notes where the blocks are, and looks at their bitmaps.
func (k *check) blocks() error {
	for i := range k.head.entries {
		if err := k.ctx.Err(); err != nil {
			return err
		}
		b, err := k.tables.From(k.head.tableOff + 4*i)
		if err != nil {
			return err
		}
		c := binread.Big(b)
		entry := c.U32()
		if entry == unused {
			continue
		}
		k.t.Checked.Clusters++
		host, guest := int64(entry)*sectorSize, i*k.head.blockSize
		if guest >= k.Bytes {
			k.t.At(image.Damaged, "an entry of the block allocation table is of a block behind the end of the disk, and used", k.head.tableOff+4*i)
			guest = image.Nowhere
		}
		if err := k.layout.Use("a block", host, k.layout.Unit, guest); err != nil {
			return err
		}
		if k.foot.kind == dynamic && guest >= 0 && host < k.fileSize && k.layout.Unit <= k.fileSize-host {
			if err := k.unset(host, guest); err != nil {
				return fmt.Errorf("block at %#x: %w", host, err)
			}
		}
	}
	return nil
}

// unset tells when sectors of the block at host hold data that its bitmap has as never written.
func (k *check) unset(host, guest int64) error {
	size, found := k.head.blockSize, int64(0)
	d := image.Damage{
		Harm: image.Doubtful, Problem: "sectors hold data, and the bitmap of their block has them as never written: they read as zeros here, and as data in QEMU",
		Host: host, Units: 1,
	}
	for in := int64(0); in < size; {
		set, sectors, err := k.bits(host, in, size-in)
		if err != nil {
			return err
		}
		n := min(sectors*sectorSize, size-in)
		if !set {
			held, err := k.held(host+k.head.bitmapSize()+in, n)
			if err != nil {
				return err
			}
			if held {
				if found++; found == 1 {
					d.Guest = guest + in
				}
				d.Len = guest + in + n - d.Guest
			}
		}
		in += n
	}
	if found > 0 {
		k.t.Tell(d)
	}
	return nil
}

// held reports whether the n bytes at host are not all zeros.
func (k *check) held(host, n int64) (bool, error) {
	if k.opts.Started != nil {
		k.opts.Started(n)
	}
	held, err := image.HoldsData(k.ctx, k.File, host, n)
	if k.opts.Progress != nil {
		k.opts.Progress(n)
	}
	return held, err
}

func (k *check) compare() error { return k.layout.Compare(k.ctx) }

// parent checks the parent, and when it was written to last: its unique id stays the same.
func (k *check) parent() error {
	if k.Parent == nil {
		return nil
	}
	id, _ := image.IdentityOf(k.Parent)
	if id.Written.After(k.head.parentWritten.Add(2 * time.Second)) { // some hosts count every other second
		k.t.At(image.Doubtful, fmt.Sprintf("the parent %q was written to after this image was made: at %s, want %s; a copy that keeps no times looks alike",
			k.ParentName, id.Written.UTC().Format(time.RFC3339), k.head.parentWritten.Format(time.RFC3339)), k.head.off)
	}
	return k.CheckParent(k.ctx, k.opts, k.t)
}
