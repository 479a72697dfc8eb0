package binread

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// counting counts the reads of a reader.
type counting struct {
	io.ReaderAt
	reads int
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.reads++
	return c.ReaderAt.ReadAt(p, off)
}

func TestPagesEndWithTheirFile(t *testing.T) {
	data := make([]byte, 2*pageSize+100)
	for i := range data {
		data[i] = byte(i / 97)
	}
	r := &counting{ReaderAt: bytes.NewReader(data)}
	p := NewPages(r, int64(len(data)), 64*pageSize)
	for _, c := range []struct{ off, n int64 }{
		{0, pageSize}, {5, pageSize - 5}, {pageSize - 1, 1}, {pageSize, pageSize}, {2 * pageSize, 100}, {2*pageSize + 99, 1},
	} {
		if b, err := p.From(c.off); err != nil || !bytes.Equal(b, data[c.off:c.off+c.n]) {
			t.Errorf("at %d: %d bytes, %v, want %d", c.off, len(b), err, c.n)
		}
	}
	if r.reads != 3 {
		t.Errorf("%d reads of 3 pages", r.reads)
	}
	for _, off := range []int64{-1, int64(len(data)), 1 << 62} {
		if _, err := p.From(off); !errors.Is(err, ErrCorrupt) {
			t.Errorf("at %d: %v, want kind %v", off, err, ErrCorrupt)
		}
	}
}

func TestPagesThatCannotBeReadAreNotKept(t *testing.T) {
	p := NewPages(failing{io.ErrClosedPipe}, 100, pageSize)
	for range 2 {
		if _, err := p.From(0); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("error %v", err)
		}
	}
}

func TestRunsOfBits(t *testing.T) {
	b := []byte{0b1110_0001, 0xff, 0x00, 0x00, 0b1000_0000, 0xff}
	for _, c := range []struct {
		order     BitOrder
		first, n  int
		set       bool
		wantedRun int
	}{
		{HighFirst, 0, 48, true, 3},
		{HighFirst, 3, 45, false, 4},
		{HighFirst, 7, 41, true, 9},
		{HighFirst, 7, 5, true, 5},
		{HighFirst, 16, 32, false, 16},
		{HighFirst, 32, 16, true, 1},
		{HighFirst, 40, 8, true, 8},
		{LowFirst, 0, 48, true, 1},
		{LowFirst, 1, 47, false, 4},
		{LowFirst, 5, 43, true, 11},
		{LowFirst, 16, 32, false, 23},
		{LowFirst, 39, 9, true, 9},
		{LowFirst, 39, 1, true, 1},
	} {
		if set, n := c.order.Run(b, c.first, c.n); set != c.set || n != c.wantedRun {
			t.Errorf("%v from %d, at most %d: %v, %d, want %v, %d", c.order, c.first, c.n, set, n, c.set, c.wantedRun)
		}
	}
}
