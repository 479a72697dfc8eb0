package intel

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/fxamacker/cbor/v2"

	"github.com/guestctl/guestctl/engine/binread"
)

// Feed is a compiled feed. Its digests stay where they are; a look-up reads a page or two of them. It is safe for concurrent use.
type Feed struct {
	r      io.ReaderAt
	h      header
	meta   Meta
	name   string // of its file, for errors
	file   io.Closer
	dec    cbor.DecMode
	blocks sync.Pool
}

// Open reads what a compiled feed of the given size says of itself.
func Open(r io.ReaderAt, size int64) (*Feed, error) {
	head, err := binread.ReadAt(r, 0, page, page)
	if err != nil {
		return nil, err
	}
	f := &Feed{r: r}
	f.blocks.New = func() any { return new([page]byte) }
	f.dec, err = cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid, MaxNestedLevels: 16, MaxMapPairs: 1 << 17, MaxArrayElements: 1 << 20}.DecMode()
	if err != nil {
		return nil, err
	}
	if f.h, err = decodeHeader(head, size); err != nil {
		return nil, err
	}
	s := f.h.section(sectionMeta)
	if s.length < 4 {
		return nil, binread.Corrupt("no section about the feed")
	}
	if err := f.record(s.offset, s.length, maxMeta, &f.meta); err != nil {
		return nil, err
	}
	if index, infos := f.h.section(sectionIndex), f.h.section(sectionInfos); index.count != infos.count {
		return nil, binread.Corrupt("%d infos with an index of %d", infos.count, index.count)
	}
	return f, nil
}

// openFile opens a compiled feed on the host.
func openFile(name string) (*Feed, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f, err := Open(file, info.Size())
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f.file = file
	return f, nil
}

// Close closes the file that the feed is in.
func (f *Feed) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}

// Meta is what the feed says of itself.
func (f *Feed) Meta() Meta { return f.meta }

// Digest is the digest of all that the feed holds, in hexadecimal digits.
func (f *Feed) Digest() string { return hex.EncodeToString(f.h.digest[:]) }

// KnownGood reports whether the feed lists what is harmless.
func (f *Feed) KnownGood() bool { return f.h.good() }

// Has reports whether the feed has digests of a kind.
func (f *Feed) Has(kind Kind) bool { return f.digests(kind).count > 0 }

func (f *Feed) digests(kind Kind) section {
	for i, d := range digests() {
		if d.kind == kind {
			return f.h.section(uint32(sectionDigests + i))
		}
	}
	return section{}
}

// Info returns an info by its number.
func (f *Feed) Info(number uint32) (i Info, err error) {
	index, infos := f.h.section(sectionIndex), f.h.section(sectionInfos)
	if int64(number) >= index.count {
		return i, binread.Corrupt("info %d of %d", number, index.count)
	}
	b, err := binread.ReadAt(f.r, index.offset+int64(number)*indexSize, indexSize, indexSize)
	if err != nil {
		return i, err
	}
	c := binread.Big(b)
	off, n := int64(c.U64()), int64(c.U32())
	if off < 0 || off > infos.length || n > infos.length-off {
		return i, binread.Corrupt("info %d: %d bytes at 0x%x of %d", number, n, off, infos.length)
	}
	err = f.record(infos.offset+off, n, maxRecord, &i)
	return i, err
}

// record decodes a record that begins with its checksum.
func (f *Feed) record(off, n, most int64, v any) error {
	b, err := binread.ReadAt(f.r, off, n, most)
	if err != nil {
		return err
	}
	if len(b) < 4 {
		return binread.Corrupt("record at 0x%x: %d bytes, want at least 4", off, n)
	}
	c := binread.Big(b)
	return f.decode(c.U32(), b[4:], off, v)
}

func (f *Feed) decode(sum uint32, b []byte, off int64, v any) error {
	if sum != castagnoli(b) {
		return binread.Corrupt("record at 0x%x: checksum 0x%08x, want 0x%08x", off, sum, castagnoli(b))
	}
	if err := f.dec.Unmarshal(b, v); err != nil {
		return binread.Corrupt("record at 0x%x: %w", off, err)
	}
	return nil
}

// Others calls f for each indicator that is no digest.
func (f *Feed) Others(each func(Indicator) error) error {
	s := f.h.section(sectionOthers)
	if s.count > maxOthers {
		return tooMany("indicators that are no digests", maxOthers)
	}
	r := bufio.NewReaderSize(io.NewSectionReader(f.r, s.offset, s.length), 64<<10)
	off := s.offset
	var head [8]byte
	var total int64
	for range s.count {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return binread.Corrupt("record at 0x%x: %w", off, err)
		}
		c := binread.Big(head[:])
		n, sum := int64(c.U32()), c.U32()
		if n > maxRecord || n > s.offset+s.length-off {
			return binread.Corrupt("record at 0x%x: %d bytes, want at most %d", off, n, min(maxRecord, s.offset+s.length-off))
		}
		if total += n; total > maxOthersBytes {
			return tooMany("bytes of indicators that are no digests", maxOthersBytes)
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return binread.Corrupt("record at 0x%x: %w", off, err)
		}
		var i Indicator
		if err := f.decode(sum, b, off, &i); err != nil {
			return err
		}
		if err := each(i); err != nil {
			return err
		}
		off += 8 + n
	}
	return nil
}

// Verify reads the whole feed and looks for damage.
func (f *Feed) Verify(ctx context.Context) error {
	for i, d := range digests() {
		s := f.h.section(uint32(sectionDigests + i))
		search := search{f, s, d.hash.Size(), perBlock(d.hash.Size(), f.h.good()), new([page]byte)}
		last := make([]byte, 0, d.hash.Size())
		for number := range s.length / page {
			n, err := search.load(number)
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			for e := range n {
				if bytes.Compare(last, search.entry(e)) > 0 {
					return binread.Corrupt("block at 0x%x: digest %d is not in order", s.offset+number*page, e)
				}
				last = append(last[:0], search.entry(e)...)
			}
		}
	}
	for number := range f.h.section(sectionIndex).count {
		if _, err := f.Info(uint32(number)); err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
	}
	if err := f.Others(func(Indicator) error { return ctx.Err() }); err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f.r, page, f.h.size-page)); err != nil {
		return err
	}
	if sum := h.Sum(nil); !bytes.Equal(sum, f.h.digest[:]) {
		return binread.Corrupt("digest %x, want %x", sum, f.h.digest)
	}
	return ctx.Err()
}
