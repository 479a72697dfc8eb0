package intel

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"

	"github.com/fxamacker/cbor/v2"
)

// writer writes a compiled feed.
type writer struct {
	out *spool
	buf *bufio.Writer
	sum hash.Hash
	n   int64 // bytes written
	h   header
}

// write compiles what was collected.
func (b *builder) write(out *spool) error {
	w := &writer{out: out, buf: bufio.NewWriterSize(out, 256<<10), sum: sha256.New()}
	if b.good {
		w.h.flags = flagGood
	}
	if _, err := w.buf.Write(make([]byte, page)); err != nil {
		return err
	}
	w.n = page
	for i, d := range digests() {
		if t := b.tables[d.kind]; t != nil {
			if err := w.digests(uint32(sectionDigests+i), d.hash.Size(), b.good, t); err != nil {
				return err
			}
			b.meta.Counts[d.kind] = w.h.sections[len(w.h.sections)-1].count
		}
	}
	for _, s := range []struct {
		kind  uint32
		from  *spool
		count int64
	}{{sectionIndex, b.index, b.index.size / indexSize}, {sectionInfos, b.infos, b.index.size / indexSize}, {sectionOthers, b.others, b.nOthers}} {
		if err := w.section(s.kind, s.count, io.NewSectionReader(s.from, 0, s.from.size)); err != nil {
			return err
		}
	}
	if err := w.meta(b.meta); err != nil {
		return err
	}
	return w.finish()
}

func (w *writer) Write(p []byte) (int, error) {
	w.sum.Write(p)
	n, err := w.buf.Write(p)
	w.n += int64(n)
	return n, err
}

// pad fills the last page, so that the next section begins on one.
func (w *writer) pad() error {
	_, err := w.Write(make([]byte, (page-w.n%page)%page))
	return err
}

func (w *writer) section(kind uint32, count int64, from io.Reader) error {
	s := section{kind: kind, offset: w.n, count: count}
	n, err := io.Copy(w, from)
	if err != nil {
		return err
	}
	s.length = n
	w.h.sections = append(w.h.sections, s)
	return w.pad()
}

// digests writes the blocks of one kind of digests.
func (w *writer) digests(kind uint32, width int, good bool, t *sorter) error {
	s := section{kind: kind, offset: w.n}
	per := perBlock(width, good)
	block, n := make([]byte, page), 0
	flush := func() error {
		number := (s.count - 1) / int64(per)
		binary.BigEndian.PutUint32(block[page-4:], blockSum(kind, number, block[:page-4]))
		_, err := w.Write(block)
		clear(block)
		n = 0
		return err
	}
	err := t.sorted(func(record []byte) error {
		copy(block[n*width:], record[:width])
		if !good {
			copy(block[per*width+4*n:], record[width:])
		}
		n++
		s.count++
		if n < per {
			return nil
		}
		return flush()
	})
	if err == nil && n > 0 {
		err = flush()
	}
	s.length = w.n - s.offset
	w.h.sections = append(w.h.sections, s)
	return err
}

func (w *writer) meta(m Meta) error {
	mode, err := cbor.CanonicalEncOptions().EncMode()
	if err != nil {
		return err
	}
	record, err := mode.Marshal(m)
	if err != nil {
		return err
	}
	s := section{kind: sectionMeta, offset: w.n, length: int64(len(record) + 4), count: 1}
	w.h.sections = append(w.h.sections, s)
	if _, err := w.Write(append(binary.BigEndian.AppendUint32(nil, castagnoli(record)), record...)); err != nil {
		return err
	}
	return w.pad()
}

// finish writes the header, now that everything is known.
func (w *writer) finish() error {
	if err := w.buf.Flush(); err != nil {
		return err
	}
	w.h.size = w.n
	w.sum.Sum(w.h.digest[:0])
	_, err := w.out.WriteAt(w.h.encode(), 0)
	return err
}
