package intact

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/finding"
)

const (
	readSize = 1 << 20  // bytes that are read at once
	pieces   = 64 << 10 // by which what cannot be read is narrowed down
)

// data reads every byte that the disks hold, when it is asked for.
func (v *verifier) data(ctx context.Context) {
	if !v.Full {
		return
	}
	r := v.layer(DataLayer, "Every byte can be read")
	for i, disk := range v.machine.Disks {
		v.readDisk(ctx, r, i, disk.Image)
	}
	r.end("%d bytes were read", v.result.Read)
}

// unreadable is a stretch that could not be read.
type unreadable struct {
	off, n int64
	err    error
}

// readDisk reads what a disk holds, on all processors.
func (v *verifier) readDisk(ctx context.Context, r *report, disk int, img image.Image) {
	work := make(chan image.Extent)
	var mu sync.Mutex
	var bad []unreadable
	var read atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			buf := make([]byte, readSize)
			for e := range work {
				failed := readPieces(img, buf, e)
				read.Add(e.Len)
				if v.Progress != nil {
					v.Progress(e.Len)
				}
				if len(failed) > 0 {
					mu.Lock()
					bad = append(bad, failed...)
					mu.Unlock()
				}
			}
		})
	}
	v.feed(ctx, img, work)
	close(work)
	wg.Wait()
	v.result.Read += read.Load()
	slices.SortFunc(bad, func(a, b unreadable) int { return cmp.Compare(a.off, b.off) })
	for _, b := range bad {
		r.damage(Damage{
			Place: fmt.Sprintf("%#x to %#x", b.off, b.off+b.n-1), Belongs: v.belongs(disk, b.off, b.n), Problem: b.err.Error(),
			Meaning: "these bytes are lost", Severity: finding.High,
		}, 1)
	}
}

// feed hands out what is not known to be zeros.
func (v *verifier) feed(ctx context.Context, img image.Image, work chan<- image.Extent) {
	size := img.Size()
	for off := int64(0); off < size; {
		e, err := image.ExtentOf(img, off, size-off)
		if err != nil || e.Len <= 0 {
			// The tables of this place are damaged: reading tells of it, and what is behind is looked at too.
			e = image.Extent{Off: off, Len: min(pieces, size-off)}
		}
		off += e.Len
		if e.Zero {
			continue
		}
		if v.Started != nil {
			v.Started(e.Len)
		}
		for e.Len > 0 {
			piece := image.Extent{Off: e.Off, Len: min(e.Len, readSize-e.Off%readSize)}
			select {
			case work <- piece:
			case <-ctx.Done():
				return
			}
			e.Off, e.Len = e.Off+piece.Len, e.Len-piece.Len
		}
	}
}

// readPieces reads a stretch of at most readSize, and names those pieces of it that cannot be read.
func readPieces(img image.Image, buf []byte, e image.Extent) (bad []unreadable) {
	if n, _ := img.ReadAt(buf[:e.Len], e.Off); int64(n) == e.Len {
		return nil
	}
	for end := e.Off + e.Len; e.Off < end; {
		n := min(pieces-e.Off%pieces, end-e.Off)
		if got, err := img.ReadAt(buf[:n], e.Off); int64(got) < n {
			if err == nil {
				err = fmt.Errorf("%d bytes end after %d", n, got)
			}
			bad = append(bad, unreadable{e.Off, n, err})
		}
		e.Off += n
	}
	return bad
}
