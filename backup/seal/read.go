package seal

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"hash"
	"runtime"
	"sync"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

// step is how many bytes of a chunk are read at once.
const step = 1 << 20

// queued is how many chunks whose results are known may wait for one before them.
const queued = 16

// chunk is a chunk that is read, and what came of it.
type chunk struct {
	i    int
	off  int64
	n    int64
	hole bool // the image says that it is all zeros

	done   chan struct{}
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

// read calls each for the chunks from first on, in order, until it returns false or there are none left. A chunk that could not be read
// has an error. The error is that of the context.
func (r *reader) read(parent context.Context, first int, each func(*chunk) bool) error {
	ctx, stop := context.WithCancel(parent)
	defer stop()
	var workers sync.WaitGroup
	work, ordered := make(chan *chunk), make(chan *chunk, queued)
	for range cmp.Or(r.workers, runtime.GOMAXPROCS(0)) {
		workers.Go(func() { r.work(work) })
	}
	workers.Go(func() {
		defer close(work)
		defer close(ordered)
		r.plan(ctx, first, func(c *chunk) {
			ordered <- c
			work <- c
		})
	})
	for c := range ordered {
		<-c.done
		if parent.Err() != nil || !each(c) {
			stop()
			break
		}
	}
	for c := range ordered {
		<-c.done
	}
	workers.Wait()
	return parent.Err()
}

// plan calls do for the chunks from first on, and asks the image which of them are holes.
func (r *reader) plan(ctx context.Context, first int, do func(*chunk)) {
	var zeros image.Extent // found last
	for i := first; i < r.head.Chunks() && ctx.Err() == nil; i++ {
		c := &chunk{i: i, done: make(chan struct{})}
		c.off, c.n = r.head.chunk(i)
		if end := c.off + c.n; zeros.Off+zeros.Len < end {
			zeros = image.Extent{Off: c.off}
			if e, err := image.ExtentOf(r.img, c.off, r.img.Size()-c.off); err == nil && e.Zero {
				zeros.Len = e.Len
			}
		}
		c.hole = zeros.Off+zeros.Len >= c.off+c.n && zeros.Off <= c.off
		do(c)
	}
}

func (r *reader) work(chunks <-chan *chunk) {
	buf := make([]byte, min(r.head.ChunkSize, step))
	for c := range chunks {
		if c.zero = c.hole; !c.hole {
			c.err = r.sum(c, buf)
		}
		close(c.done)
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
