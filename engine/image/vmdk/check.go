package vmdk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

// Check implements image.Checker. It finds what qemu-img check finds, and tells beside it what that passes over: grain tables that differ
// from their redundant copies, grains with two uses, compressed grains that cannot be decompressed or are of another place, space that
// nothing refers to and that holds data, a disk that was not closed, and a parent that was written to since.
func (m *Image) Check(ctx context.Context, opts image.CheckOptions) (image.Checked, error) {
	t := image.NewTeller(opts.Report)
	for _, p := range m.problems {
		t.At(p.harm, p.text, p.host)
	}
	for i := range m.segments {
		seg := &m.segments[i]
		if seg.sparse == nil {
			continue
		}
		t.Flush()
		k := newCheck(ctx, seg, opts)
		err := k.run()
		k.teller.Flush()
		t.Checked.Merge(k.teller.Checked)
		if err != nil && seg.name != "" {
			err = fmt.Errorf("extent %q: %w", seg.name, err)
		}
		if err != nil {
			return t.Checked, fmt.Errorf("vmdk: %w", err)
		}
	}
	if err := m.CheckParent(ctx, opts, t); err != nil {
		return t.Checked, fmt.Errorf("vmdk: %w", err)
	}
	t.Flush()
	return t.Checked, nil
}

// check is a check of one sparse extent that is going on.
type check struct {
	*sparse
	ctx    context.Context //nolint:containedctx // of the one call that it lives in
	opts   image.CheckOptions
	teller *image.Teller
	layout *image.Layout
	seen   map[int64]bool // grain tables that were looked at
	low    []region       // what lies before the first place for a grain
	last   int64          // where the last grain ends
}

func newCheck(ctx context.Context, seg *segment, opts image.CheckOptions) *check {
	teller := image.NewTeller(func(d image.Damage) {
		d.File = seg.name
		opts.Report(d)
	})
	s := seg.sparse
	unit := s.grain
	if s.packed {
		unit = sectorSize
	}
	return &check{
		sparse: s, ctx: ctx, opts: opts, teller: teller, seen: map[int64]bool{},
		layout: &image.Layout{File: s.r, Size: s.fileSize, Unit: unit, Discards: s.zeros, Teller: teller},
	}
}

func (k *check) run() error {
	for _, p := range k.problems {
		k.teller.At(p.harm, p.text, p.host)
	}
	for _, r := range k.reserved {
		if err := k.use(r.name, r.off, r.n); err != nil {
			return err
		}
	}
	if err := k.useDirectories(); err != nil {
		return err
	}
	for number := range k.directory {
		if err := k.ctx.Err(); err != nil {
			return err
		}
		if err := k.table(int64(number)); err != nil {
			return err
		}
	}
	if err := k.pad(); err != nil {
		return err
	}
	if k.kind == kindSE {
		return nil // it has grains that are free, in parts that are not documented
	}
	return k.layout.Compare(k.ctx)
}

// use says that something other than a grain lies in the file. It takes whole sectors.
func (k *check) use(name string, off, n int64) error {
	n = (n + sectorSize - 1) &^ (sectorSize - 1)
	if off >= 0 && off < k.overhead {
		k.low = append(k.low, region{name, off, n})
	}
	return k.layout.Use(name, off, n, image.Nowhere)
}

// pad says that the rest of the space before the first grain is padding.
func (k *check) pad() error {
	slices.SortFunc(k.low, func(a, b region) int { return cmp.Compare(a.off, b.off) })
	end, last := min(k.overhead, k.fileSize), int64(0)
	for _, r := range append(k.low, region{off: end}) {
		if err := k.layout.Use("the padding of the header", last, min(r.off, end)-last, image.Nowhere); err != nil {
			return err
		}
		last = max(last, r.off+r.n)
	}
	return k.padEnd()
}

// padEnd says that nothing was ever written to what lies behind the last grain, where that is so: a host makes room in larger steps.
func (k *check) padEnd() error {
	unused := max(k.end, k.last)
	n := k.fileSize - unused
	if k.end == 0 && n >= k.grain || n <= 0 {
		return nil
	}
	if k.end == 0 {
		held, err := image.HoldsData(k.ctx, k.r, unused, n)
		if held || err != nil {
			return err
		}
	}
	return k.layout.Use("space that was never used", unused, n, image.Nowhere)
}

func (k *check) useDirectories() error {
	n := int64(len(k.directory)) * k.entrySize
	if k.directoryOff > 0 {
		if err := k.useMarked("the grain directory", k.directoryOff, n, markerDirectory); err != nil {
			return err
		}
	}
	if k.redundant != nil {
		return k.use("the redundant grain directory", k.redundantOff, n)
	}
	return nil
}

// useMarked says that a table lies in the file, and the marker before it, if there is one.
func (k *check) useMarked(name string, off, n int64, kind uint32) error {
	if k.markers && off >= headerSize+sectorSize {
		b, err := binread.ReadAt(k.r, off-sectorSize, sectorSize, sectorSize)
		if err != nil {
			return err
		}
		c := binread.Little(b)
		sectors, size, is := c.U64(), c.U32(), c.U32()
		if size == 0 && is == kind && sectors == uint64(n+sectorSize-1)/sectorSize {
			off, n = off-sectorSize, n+sectorSize
		}
	}
	return k.use(name, off, n)
}

// table looks at a grain table and at the grains that it names.
func (k *check) table(number int64) error {
	at, guest := k.directory[number], k.start+number*k.coverage()
	n := min(k.coverage(), k.size-number*k.coverage())
	switch {
	case at == 0 && k.redundant != nil && k.redundant[number] < 0:
		k.teller.At(image.Damaged, "an entry of the redundant grain directory does not lead into the file", k.redundantOff+number*k.entrySize)
		return nil
	case at == 0:
		return nil
	case at < 0:
		k.teller.Tell(image.Damage{Harm: image.Damaged, Problem: "a grain table does not lie in the file", Host: k.directoryOff + number*k.entrySize, Guest: guest, Len: n, Units: 1})
		return nil
	case k.seen[at]:
		k.teller.Tell(image.Damage{Harm: image.Damaged, Problem: "a grain table is named twice", Host: at, Guest: guest, Len: n, Units: 1})
		return nil
	}
	k.seen[at] = true
	size := k.tableEntries * k.entrySize
	if err := k.useMarked("a grain table", at, size, markerTable); err != nil {
		return err
	}
	b, err := binread.ReadAt(k.r, at, size, maxTable*8)
	if err != nil {
		return fmt.Errorf("grain table at %#x: %w", at, err)
	}
	if err := k.compareCopy(number, at, b); err != nil {
		return err
	}
	return k.tableEntriesOf(number, at, b)
}

// compareCopy holds a grain table against its redundant copy.
func (k *check) compareCopy(number, at int64, b []byte) error {
	if k.redundant == nil || k.redundant[number] == at {
		return nil
	}
	other := k.redundant[number]
	if other <= 0 {
		k.teller.At(image.Damaged, "a grain table has no redundant copy in the file", k.redundantOff+number*k.entrySize)
		return nil
	}
	if k.seen[other] {
		k.teller.At(image.Damaged, "the redundant copy of a grain table has two uses", other)
		return nil
	}
	k.seen[other] = true
	if err := k.useMarked("a redundant grain table", other, int64(len(b)), markerTable); err != nil {
		return err
	}
	again, err := binread.ReadAt(k.r, other, int64(len(b)), maxTable*8)
	if err != nil {
		return fmt.Errorf("redundant grain table at %#x: %w", other, err)
	}
	k.tellDifferences(number, at, b, again)
	return nil
}

// tellDifferences tells where the grain table b, which is at at, and its copy differ: entries side by side as one.
func (k *check) tellDifferences(number, at int64, b, again []byte) {
	c, d := binread.Little(b), binread.Little(again)
	first, count, n := int64(0), int64(0), k.entriesOf(number)
	for i := int64(0); i <= n; i++ {
		if i < n && c.U32() != d.U32() {
			if count == 0 {
				first = i
			}
			count++
			continue
		}
		if count > 0 {
			off := number*k.coverage() + first*k.grain
			k.teller.Tell(image.Damage{
				Harm: image.Damaged, Problem: "a grain table and its redundant copy differ: one of them names grains that the other does not",
				Host: at + first*k.entrySize, Guest: k.start + off, Len: min(count*k.grain, k.size-off), Units: int(count),
			})
		}
		count = 0
	}
}

// entriesOf is how many entries of a grain table are of the disk.
func (k *check) entriesOf(number int64) int64 {
	return min(k.tableEntries, (k.size-number*k.coverage()-1)/k.grain+1)
}

// tableEntriesOf looks at the entries of the grain table at at.
func (k *check) tableEntriesOf(number, at int64, b []byte) error {
	c := binread.Little(b)
	var all []packed
	for i := range k.entriesOf(number) {
		off := number*k.coverage() + i*k.grain
		n := min(k.grain, k.size-off)
		e, ok := k.entry(&c)
		d := image.Damage{Harm: image.Damaged, Host: at + i*k.entrySize, Guest: k.start + off, Len: n, Units: 1}
		switch {
		case !ok:
			d.Problem = "an entry of a grain table is none of the format"
			k.teller.Tell(d)
		case !k.holds(e, off):
			d.Problem = "a grain is beyond the end of the file"
			k.teller.Tell(d)
		case e.place == image.Packed:
			all = append(all, packed{index: off / k.grain, host: e.host, guess: min(k.mostPacked(), k.fileSize-e.host)})
		case e.place == image.Stored:
			k.teller.Checked.Clusters++
			k.last = max(k.last, e.host+n)
			if err := k.layout.Use("a grain", e.host, n, k.start+off); err != nil {
				return err
			}
		}
	}
	return k.unpackAll(all)
}

// unpackAll decompresses grains, on all processors, and tells of those that cannot be.
func (k *check) unpackAll(all []packed) error {
	total := int64(0)
	results := make([]result, len(all))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(all)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(all)) && k.ctx.Err() == nil; i = next.Add(1) - 1 {
				results[i] = k.verify(all[i])
			}
		})
	}
	wg.Wait()
	if err := k.ctx.Err(); err != nil {
		return err
	}
	for i, r := range results {
		off := all[i].index * k.grain
		switch n := min(k.grain, k.size-off); {
		case r.err == nil:
		case errors.Is(r.err, binread.ErrCorrupt):
			k.teller.Tell(image.Damage{Harm: image.Damaged, Problem: "a compressed grain cannot be read: " + r.err.Error(), Host: all[i].host, Guest: k.start + off, Len: n, Units: 1})
		default:
			return r.err
		}
		total += r.n
		k.last = max(k.last, all[i].host+(r.n+sectorSize-1)&^(sectorSize-1))
		if err := k.layout.Use("a compressed grain", all[i].host, (r.n+sectorSize-1)&^(sectorSize-1), k.start+off); err != nil {
			return err
		}
	}
	k.teller.Checked.Clusters += int64(len(all))
	k.teller.Checked.Compressed += int64(len(all))
	if k.opts.Started != nil && total > 0 {
		k.opts.Started(total)
	}
	if k.opts.Progress != nil && total > 0 {
		k.opts.Progress(total)
	}
	return nil
}

// result is what became of a compressed grain: how many bytes it takes in the file, at least 1.
type result struct {
	n   int64
	err error
}

func (k *check) verify(p packed) result {
	_, n, err := k.inflate(p)
	return result{max(n, 1), err}
}
