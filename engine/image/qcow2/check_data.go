package qcow2

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

// gap is a run of n clusters of the guest that are not mapped, between two whose places in the file are n+1 clusters apart.
type gap struct{ host, guest, n int64 }

// decompress decompresses clusters, on all processors, and tells of those that cannot be.
func (k *check) decompress(all []packed) error {
	total := int64(0)
	for _, p := range all {
		_, n := k.m.head.place(p.descriptor)
		total += n
	}
	if k.opts.Started != nil && total > 0 {
		k.opts.Started(total)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(all)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(all)) && k.ctx.Err() == nil; i = next.Add(1) - 1 {
				_, all[i].err = k.m.decompress(all[i].descriptor)
			}
		})
	}
	wg.Wait()
	if err := k.ctx.Err(); err != nil {
		return err
	}
	if k.opts.Progress != nil && total > 0 {
		k.opts.Progress(total)
	}
	for _, p := range all {
		switch {
		case p.err == nil:
		case errors.Is(p.err, binread.ErrCorrupt):
			k.report(image.Damage{
				Harm: image.Damaged, Problem: "a compressed cluster cannot be decompressed: " + p.err.Error(), Host: p.at, Guest: p.guest,
				Len: k.m.head.clusterSize(), Units: 1,
			})
		default:
			return fmt.Errorf("L2 entry at %#x: %w", p.at, p.err)
		}
	}
	k.checked.Compressed += int64(len(all))
	return nil
}

// lost tells which of the clusters that nothing refers to are probably the guest's data. QEMU calls them leaks, as it does space that
// was never written.
func (k *check) lost(leaked []int64) error {
	at := make(map[int64]bool, len(leaked))
	for _, off := range leaked {
		at[off] = true
	}
	size := k.m.head.clusterSize()
	for _, g := range k.gaps {
		for i := range g.n {
			if host := g.host + i*size; at[host] {
				k.report(image.Damage{
					Harm: image.Doubtful, Problem: "unmapped clusters of the guest, and leaked ones just where their data would be: probably a lost mapping",
					Host: host, Guest: g.guest + i*size, Len: size, Units: 1,
				})
				delete(at, host)
			}
		}
	}
	held := 0
	for _, off := range leaked {
		if !at[off] {
			continue
		}
		if err := k.ctx.Err(); err != nil {
			return err
		}
		b, err := binread.ReadAt(k.m.r, off, min(size, k.m.fileSize-off), 1<<maxClusterBits)
		if err != nil {
			return fmt.Errorf("leaked cluster at %#x: %w", off, err)
		}
		switch n := k.maps(b, at); {
		case n > 0:
			k.report(image.Damage{
				Harm: image.Doubtful, Problem: fmt.Sprintf("a leaked cluster is a table that maps %d leaked clusters: a part of a disk is lost", n),
				Host: off, Guest: image.Nowhere, Units: 1,
			})
		case !isZero(b):
			held++
			k.report(image.Damage{
				Harm: image.Doubtful, Problem: "leaked clusters hold data: it is left over, or lost", Host: off, Guest: image.Nowhere, Len: size, Units: 1,
			})
		}
	}
	for _, guest := range k.empty {
		if held > 0 {
			k.report(image.Damage{
				Harm: image.Doubtful, Problem: "a table maps nothing, and leaked clusters hold data: probably a lost mapping",
				Host: image.Nowhere, Guest: guest, Len: k.m.head.coverage(), Units: 1,
			})
		}
	}
	k.tell()
	return nil
}

// maps returns how many leaked clusters b maps, if it is an L2 table; 0 where it is none.
func (k *check) maps(b []byte, leaked map[int64]bool) int {
	n := 0
	c := binread.Big(b)
	for int64(c.Len()) >= k.m.head.entrySize() {
		entry := c.U64()
		c.Skip(int(k.m.head.entrySize() - 8))
		off := int64(entry & offsetMask)
		if entry&flagCompress != 0 {
			off, _ = k.m.head.place(int64(entry & (flagCompress - 1)))
			off &^= k.m.head.clusterSize() - 1
		} else if entry&l2Reserved != 0 || off&(k.m.head.clusterSize()-1) != 0 {
			return 0
		}
		if off >= k.m.fileSize {
			return 0
		}
		if off != 0 && leaked[off] {
			n++
		}
	}
	return n
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
