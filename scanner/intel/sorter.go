package intel

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// sorter puts any number of records of one width in order, with a bounded part of them in memory: what does not fit goes to a
// spool in runs that are in order, which are merged at the end.
type sorter struct {
	width  int // bytes of a record
	budget int // bytes of records in memory
	spool  *spool
	buf    []byte
	runs   []run
	added  int64
}

type run struct{ off, n int64 }

func (s *sorter) add(parts ...[]byte) error {
	for _, p := range parts {
		s.buf = append(s.buf, p...)
	}
	s.added++
	if len(s.buf)+s.width <= s.budget {
		return nil
	}
	return s.spill()
}

// spill writes what is in memory to the spool, in order.
func (s *sorter) spill() error {
	from := s.spool.size
	w := bufio.NewWriterSize(s.spool, 256<<10)
	err := s.inOrder(func(record []byte) error {
		_, err := w.Write(record)
		return err
	})
	if err = errors.Join(err, w.Flush()); err != nil {
		return err
	}
	s.runs = append(s.runs, run{from, s.spool.size - from})
	s.buf = s.buf[:0]
	return nil
}

// inOrder calls f for each record in memory.
func (s *sorter) inOrder(f func([]byte) error) error {
	type place struct {
		prefix uint64
		at     uint32
	}
	record := func(p place) []byte { return s.buf[int(p.at)*s.width:][:s.width] }
	places := make([]place, len(s.buf)/s.width)
	for i := range places {
		places[i] = place{binary.BigEndian.Uint64(s.buf[i*s.width:]), uint32(i)}
	}
	slices.SortFunc(places, func(a, b place) int {
		if c := cmp.Compare(a.prefix, b.prefix); c != 0 {
			return c
		}
		return bytes.Compare(record(a), record(b))
	})
	for _, p := range places {
		if err := f(record(p)); err != nil {
			return err
		}
	}
	return nil
}

// sorted calls f for each record once, in order.
func (s *sorter) sorted(f func([]byte) error) error {
	f = onlyOnce(f)
	if len(s.runs) == 0 {
		return s.inOrder(f)
	}
	if err := s.spill(); err != nil {
		return err
	}
	s.buf = nil
	var h merge
	for _, r := range s.runs {
		m := &mergeRun{r: bufio.NewReaderSize(io.NewSectionReader(s.spool, r.off, r.n), 64<<10), record: make([]byte, s.width)}
		if more, err := m.next(); err != nil {
			return err
		} else if more {
			h = append(h, m)
		}
	}
	heap.Init(&h)
	for len(h) > 0 {
		if err := f(h[0].record); err != nil {
			return err
		}
		more, err := h[0].next()
		if err != nil {
			return err
		}
		if more {
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
	}
	return nil
}

func onlyOnce(f func([]byte) error) func([]byte) error {
	var last []byte
	return func(record []byte) error {
		if last != nil && bytes.Equal(last, record) {
			return nil
		}
		last = append(last[:0], record...)
		return f(record)
	}
}

type mergeRun struct {
	r      *bufio.Reader
	record []byte
}

func (m *mergeRun) next() (bool, error) {
	_, err := io.ReadFull(m.r, m.record)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

// merge is a heap of runs by their first record.
type merge []*mergeRun

func (m merge) Len() int           { return len(m) }
func (m merge) Less(i, j int) bool { return bytes.Compare(m[i].record, m[j].record) < 0 }
func (m merge) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *merge) Push(x any)        { *m = append(*m, x.(*mergeRun)) } //nolint:errcheck // heap.Push is never called
func (m *merge) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}
