package conformance

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/guestctl/guestctl/engine/image"
)

// Image checks that img holds the bytes want, at whatever offset and length it is read and by however many readers at
// once, and that the extents it tells are true.
func Image(t *testing.T, img image.Image, want []byte) {
	t.Helper()
	if got := img.Size(); got != int64(len(want)) {
		t.Fatalf("size %d, want %d", got, len(want))
	}
	if img.Description().Format == "" {
		t.Error("description has no format")
	}
	t.Run("whole", func(t *testing.T) {
		for _, step := range []int{len(want) + 1, 3000} {
			checkSequential(t, img, want, step)
		}
	})
	t.Run("random", func(t *testing.T) { checkRandom(t, img, want, 1, 200) })
	t.Run("edges", func(t *testing.T) { checkEdges(t, img, want) })
	t.Run("concurrent", func(t *testing.T) {
		var wg sync.WaitGroup
		for seed := range uint64(4) {
			wg.Go(func() { checkRandom(t, img, want, seed+2, 50) })
		}
		for range 2 {
			wg.Go(func() { checkSequential(t, img, want, 4096) })
		}
		wg.Wait()
	})
	t.Run("extents", func(t *testing.T) {
		for _, step := range []int64{int64(len(want)) + 1, 1 << 20, 5000} {
			checkExtents(t, img, want, step)
		}
	})
}

// stale is what a buffer holds before it is read into.
var stale = bytes.Repeat([]byte{0xa5}, 64<<10)

func checkSequential(t *testing.T, r io.ReaderAt, want []byte, step int) {
	buf := make([]byte, step)
	for off := 0; off < len(want); off += step {
		checkRead(t, r, want, int64(off), buf)
		if t.Failed() {
			return
		}
	}
}

func checkRandom(t *testing.T, r io.ReaderAt, want []byte, seed uint64, count int) {
	rnd := rand.New(rand.NewPCG(seed, 0))
	buf := make([]byte, 300_000)
	for range count {
		if t.Failed() || len(want) == 0 {
			return
		}
		n := 1 + rnd.IntN(20_000)
		if rnd.IntN(8) == 0 {
			n = 1 + rnd.IntN(len(buf))
		}
		checkRead(t, r, want, rnd.Int64N(int64(len(want))), buf[:n])
	}
}

// checkEdges reads around the places where containers change from one block to the next, and at the end of the disk.
func checkEdges(t *testing.T, r io.ReaderAt, want []byte) {
	buf := make([]byte, 4)
	for block := 512; block <= len(want); block *= 2 {
		for _, at := range []int{block - 2, len(want) - block - 2} {
			if at >= 0 {
				checkRead(t, r, want, int64(at), buf)
			}
		}
	}
	for over := range len(buf) + 1 {
		if off := len(want) + 1 - over; off >= 0 {
			checkRead(t, r, want, int64(off), buf)
			checkRead(t, r, want, int64(off), nil)
		}
	}
	checkRead(t, r, want, 1<<62, buf)
	if n, err := r.ReadAt(buf, -1); n != 0 || err == nil || errors.Is(err, io.EOF) {
		t.Errorf("read at -1 gives %d, %v, want an error", n, err)
	}
}

// checkRead reads p at off and compares, after filling p with something else: a reader must write every byte.
func checkRead(t *testing.T, r io.ReaderAt, want []byte, off int64, p []byte) {
	t.Helper()
	for rest := p; len(rest) > 0; {
		rest = rest[copy(rest, stale):]
	}
	inside := want[min(off, int64(len(want))):]
	inside = inside[:min(len(inside), len(p))]
	n, err := r.ReadAt(p, off)
	switch {
	case n != len(inside):
		t.Errorf("read of %d bytes at %#x gives %d, %v, want %d", len(p), off, n, err, len(inside))
	case n < len(p) && err != io.EOF: // io.ReaderAt: the error itself, not one that wraps it
		t.Errorf("read of %d bytes at %#x, past the end, gives error %v, want %v", len(p), off, err, io.EOF)
	case n == len(p) && err != nil && err != io.EOF:
		t.Errorf("read of %d bytes at %#x: %v", len(p), off, err)
	case !bytes.Equal(p[:n], inside):
		t.Errorf("read of %d bytes at %#x differs from byte %#x on", len(p), off, off+int64(firstDifference(p[:n], inside)))
	}
}

func firstDifference(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// checkExtents walks the extents of img, asking for at most step bytes at once. They must cover the disk without gaps,
// and those that are zero must read as zeros.
func checkExtents(t *testing.T, img image.Image, want []byte, step int64) {
	size := int64(len(want))
	for off := int64(0); off < size; {
		e, err := image.ExtentOf(img, off, step)
		switch {
		case err != nil:
			t.Fatalf("extent at %#x: %v", off, err)
		case e.Off != off || e.Len <= 0 || e.Len > step || e.Len > size-off:
			t.Fatalf("extent at %#x of at most %d bytes is %+v, in a disk of %d", off, step, e, size)
		case e.Zero && bytes.Count(want[off:off+e.Len], []byte{0}) != int(e.Len):
			t.Fatalf("extent %+v is said to be zero and is not", e)
		}
		off += e.Len
	}
	for _, off := range []int64{size, size + 1, 1 << 62} {
		if e, err := image.ExtentOf(img, off, step); err != nil || e.Len != 0 {
			t.Errorf("extent at %#x, past the end, is %+v, %v, want an empty one", off, e, err)
		}
	}
}
