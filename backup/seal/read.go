package seal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"hash"

	"github.com/guestctl/guestctl/backup/reading"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

// step is how many bytes of a chunk are read at once.
const step = 1 << 20

// chunk is a chunk that is read, and what came of it.
type chunk struct {
	i    int
	off  int64
	n    int64
	hole bool // the image says that it is all zeros

	again bool // read since it was damaged in an earlier run

	digest Digest
	zero   bool
	err    error
}

// reader digests chunks on all processors, in order.
type reader struct {
	img     image.Image
	head    *Header
	workers int // 0: one for each processor
}

// read calls each for some chunks, and then for those from first on, in order, until it returns false or there are none left. A chunk
// that could not be read has an error. The error is that of the context.
func (r *reader) read(ctx context.Context, again []int, first int, each func(*chunk) bool) error {
	return reading.Work[*chunk]{Workers: r.workers, Worker: r.worker, Take: each}.Each(ctx, func(yield func(*chunk) bool) {
		holes := reading.Holes{Image: r.img} // the image is asked which chunks are holes
		for i := range again {
			off, n := r.head.chunk(again[i])
			if !yield(&chunk{i: again[i], off: off, n: n, hole: holes.Zero(off, n), again: true}) {
				return
			}
		}
		for i := first; i < r.head.Chunks(); i++ {
			off, n := r.head.chunk(i)
			if !yield(&chunk{i: i, off: off, n: n, hole: holes.Zero(off, n)}) {
				return
			}
		}
	})
}

// worker digests a chunk, with a buffer of its own.
func (r *reader) worker() func(*chunk) {
	buf := make([]byte, min(r.head.ChunkSize, step))
	return func(c *chunk) {
		if c.zero = c.hole; !c.hole {
			c.err = r.sum(c, buf)
		}
	}
}

// sum digests a chunk.
func (r *reader) sum(c *chunk, buf []byte) error {
	sum := sha256.New()
	c.zero = true
	skipped := int64(0) // zeros that were not digested, since all was zeros so far
	for at := int64(0); at < c.n; {
		b := buf[:min(int64(len(buf)), c.n-at)]
		if err := binread.Fill(r.img, b, c.off+at); err != nil {
			return err
		}
		at += int64(len(b))
		if c.zero && isZero(b) {
			skipped += int64(len(b))
			continue
		}
		if c.zero {
			digestZeros(sum, skipped)
			c.zero = false
		}
		sum.Write(b)
	}
	c.digest = Digest(sum.Sum(nil))
	return nil
}

func isZero(b []byte) bool {
	for len(b) > 0 {
		n := min(len(b), len(zeros))
		if !bytes.Equal(b[:n], zeros[:n]) {
			return false
		}
		b = b[n:]
	}
	return true
}

func digestZeros(sum hash.Hash, n int64) {
	for n > 0 {
		k := min(n, int64(len(zeros)))
		sum.Write(zeros[:k])
		n -= k
	}
}

// zeros are what a hole has.
var zeros [4 << 10]byte
