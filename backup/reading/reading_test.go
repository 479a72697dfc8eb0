package reading_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/guestctl/guestctl/backup/reading"
	"github.com/guestctl/guestctl/engine/image"
)

type piece struct {
	i      int
	square int
}

func pieces(n int) iter.Seq[*piece] {
	return func(yield func(*piece) bool) {
		for i := range n {
			if !yield(&piece{i: i}) {
				return
			}
		}
	}
}

func TestResultsComeInOrder(t *testing.T) {
	for _, workers := range []int{0, 1, 7} {
		var got []int
		held := make(chan struct{})
		err := reading.Work[*piece]{
			Workers: workers,
			Worker: func() func(*piece) {
				return func(p *piece) {
					if p.i == 0 && workers > 1 {
						<-held // the first is the last to be done
					}
					if p.i == workers-1 && workers > 1 {
						close(held)
					}
					p.square = p.i * p.i
				}
			},
			Take: func(p *piece) bool {
				if p.square != p.i*p.i {
					t.Errorf("piece %d was taken before it was worked on", p.i)
				}
				got = append(got, p.i)
				return true
			},
		}.Each(t.Context(), pieces(1000))
		if err != nil || len(got) != 1000 || !slices.IsSorted(got) {
			t.Errorf("with %d workers: %d pieces, %v", workers, len(got), err)
		}
	}
}

// TestNoMoreIsBegunThanMayWait wants the memory bounded while the first piece hangs.
func TestNoMoreIsBegunThanMayWait(t *testing.T) {
	const workers, queued = 4, 8
	var begun atomic.Int64
	held := make(chan struct{})
	ended := make(chan error)
	go func() {
		ended <- reading.Work[*piece]{
			Workers: workers, Queued: queued,
			Worker: func() func(*piece) {
				return func(p *piece) {
					begun.Add(1)
					if p.i == 0 {
						<-held
					}
				}
			},
			Take: func(*piece) bool { return true },
		}.Each(t.Context(), pieces(10_000))
	}()
	for begun.Load() < queued+1 { // the first is taken out of the queue, and as many as it holds are behind it
		runtime.Gosched()
	}
	for range 1000 {
		runtime.Gosched()
	}
	if n := begun.Load(); n > queued+2 {
		t.Errorf("%d pieces were begun while the first was not done, want at most %d", n, queued+2)
	}
	close(held)
	if err := <-ended; err != nil || begun.Load() != 10_000 {
		t.Errorf("%d pieces, %v", begun.Load(), err)
	}
}

func TestReadingEndsWhereItIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		take func(n int) bool
		most int
		err  error
	}{
		{"by what takes", t.Context(), func(n int) bool { return n < 5 }, 5, nil},
		{"by the context", ctx, func(n int) bool {
			if n == 5 {
				cancel()
			}
			return true
		}, 5, context.Canceled},
		{"before the first", ctx, func(int) bool { return true }, 0, context.Canceled},
	} {
		taken := 0
		err := reading.Work[*piece]{
			Worker: func() func(*piece) { return func(*piece) {} },
			Take:   func(*piece) bool { taken++; return c.take(taken) },
		}.Each(c.ctx, pieces(1<<30))
		if !errors.Is(err, c.err) || taken != c.most {
			t.Errorf("%s: %d pieces, %v, want %d, %v", c.name, taken, err, c.most, c.err)
		}
	}
}

// sketch is an image whose extents are given: lower-case letters are data and dots are holes, 64 KiB each; an exclamation mark is a place
// of which its tables say nothing.
type sketch string

func (s sketch) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(make([]byte, s.Size())).ReadAt(p, off)
}
func (sketch) Close() error                   { return nil }
func (s sketch) Size() int64                  { return int64(len(s)) * reading.Narrow }
func (sketch) Description() image.Description { return image.Description{} }
func (s sketch) Extent(off, n int64) (image.Extent, error) {
	first := off / reading.Narrow
	if s[first] == '!' {
		return image.Extent{}, io.ErrUnexpectedEOF
	}
	end := first
	for end < int64(len(s)) && s[end] == s[first] {
		end++
	}
	return image.Extent{Off: off, Len: min(n, end*reading.Narrow-off), Zero: s[first] == '.'}, nil
}

func TestExtentsAreWhatTheImageKnows(t *testing.T) {
	for _, c := range []struct{ name, image, want string }{
		{"one hole", "....", "0+4z"},
		{"data and holes", ".aaa..", "0+1z 1+3 4+2z"},
		{"data that is told in two", "aabb.", "0+2 2+2 4+1z"},
		{"a table that cannot be read", "a!!.", "0+1 1+1 2+1 3+1z"},
	} {
		h := reading.Holes{Image: sketch(c.image)}
		got := ""
		for e := range h.Extents(0) {
			got += fmt.Sprintf(" %d+%d", e.Off/reading.Narrow, e.Len/reading.Narrow)
			if e.Zero {
				got += "z"
			}
		}
		if got != " "+c.want {
			t.Errorf("%s: %s are%s, want %s", c.name, c.image, got, c.want)
		}
	}
}

func TestZerosFollowTheEnd(t *testing.T) {
	h := reading.Holes{Image: sketch("a.b")}
	for _, c := range []struct {
		off, n int64
		want   bool
	}{{0, 1, false}, {1, 1, true}, {1, 2, false}, {3, 5, true}, {2, 5, false}, {100, 1 << 30, true}, {1, 0, true}} {
		if got := h.Zero(c.off*reading.Narrow, c.n*reading.Narrow); got != c.want {
			t.Errorf("%d pieces at %d are zeros: %v, want %v", c.n, c.off, got, c.want)
		}
	}
}

func TestCut(t *testing.T) {
	got := [][2]int64{}
	for off, n := range reading.Cut(5, 20, 8) {
		got = append(got, [2]int64{off, n})
	}
	if want := [][2]int64{{5, 3}, {8, 8}, {16, 8}, {24, 1}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
