package compressed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	chunk     = 64 << 10 // bytes that are kept, or left out because they are zeros, together
	step      = 1 << 20  // bytes that are unpacked at a time, a multiple of chunk
	maxPieces = 1 << 20
)

// piece is a stretch of the compressed file that can be unpacked alone.
type piece struct {
	from int64 // in the compressed file
	size int64 // when it is unpacked; -1 where only unpacking tells
	off  int64 // of its first byte when it is unpacked
	open func() (io.ReadCloser, error)

	done atomic.Int64 // bytes that were unpacked
	mu   sync.Mutex   // for what follows
	r    io.ReadCloser
	err  error // why there are no more
}

// stream is what was compressed, unpacked as it is read. It implements io.ReaderAt and image.Extenter, and is safe for concurrent use.
type stream struct {
	format string
	size   int64
	pieces []*piece
	room   *image.Room
	spool  *os.File
	data   []atomic.Uint64 // a bit for each chunk in which something is not zero
}

// unpack prepares a stream. Pieces whose sizes are not known are unpacked at once.
func unpack(format string, pieces []*piece, room *image.Room) (*stream, error) {
	spool, err := os.CreateTemp("", "guestctl-unpacked-*")
	if err != nil {
		return nil, err
	}
	s := &stream{format: format, pieces: pieces, room: room, spool: spool}
	// Without a name nobody else opens it, and it is gone with this program. Where the host wants a name it is removed by Close.
	_ = os.Remove(spool.Name())
	for _, p := range pieces {
		p.off = s.size
		if p.size < 0 {
			err = s.measure(p)
		} else {
			err = s.take(p.size)
		}
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// take makes room for n bytes more.
func (s *stream) take(n int64) error {
	if err := s.room.Take(n); err != nil {
		return err
	}
	s.size += n
	if missing := (s.size+64*chunk-1)/(64*chunk) - int64(len(s.data)); missing > 0 {
		s.data = append(s.data, make([]atomic.Uint64, missing)...)
	}
	return nil
}

// measure unpacks a piece whose size is not known.
func (s *stream) measure(p *piece) error {
	r, err := p.open()
	if err != nil {
		return damaged(err)
	}
	defer func() { _ = r.Close() }() // of a decoder, in memory
	buf := make([]byte, step)
	for {
		if err := s.room.Check(); err != nil {
			return err
		}
		n, err := io.ReadFull(r, buf)
		if terr := s.take(int64(n)); terr != nil {
			return terr
		}
		if werr := s.keep(buf[:n], p.off+p.done.Load()); werr != nil {
			return werr
		}
		p.done.Add(int64(n))
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			p.size = p.done.Load()
			return atEnd(r, p.from) // io.ReadFull makes one error of an end and of a stream that was cut off
		}
		if err != nil {
			return damaged(err)
		}
	}
}

// atEnd wants a reader to be at its end, in good order.
func atEnd(r io.Reader, from int64) error {
	switch n, err := r.Read(make([]byte, 1)); {
	case n > 0:
		return binread.Corrupt("the piece at %#x has more bytes than it says", from)
	case !errors.Is(err, io.EOF):
		return damaged(err)
	}
	return nil
}

// damaged is what the error of a decoder means.
func damaged(err error) error {
	for _, own := range []error{binread.ErrLimit, binread.ErrUnsupported, binread.ErrCorrupt} {
		if errors.Is(err, own) {
			return err
		}
	}
	if pe := (*os.PathError)(nil); errors.As(err, &pe) {
		return err // of the host
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, xz.ErrBuf):
		return binread.WithHint(binread.Corrupt("it ends before its end: it was cut off"), "copy or download it again")
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, xz.ErrMemlimit):
		return binread.Limit("it wants too much memory: %w", err)
	case errors.Is(err, zstd.ErrUnknownDictionary), errors.Is(err, xz.ErrOptions), errors.Is(err, xz.ErrUnsupportedCheck):
		return binread.Unsupported("%w", err)
	}
	return binread.Corrupt("%w", err)
}

// keep writes what was unpacked, but for chunks of zeros.
func (s *stream) keep(b []byte, off int64) error {
	for len(b) > 0 {
		n := min(int64(len(b)), chunk-off%chunk)
		if part := b[:n]; !zero(part) {
			if _, err := s.spool.WriteAt(part, off); err != nil {
				return spoolError(err)
			}
			at := off / chunk
			s.data[at/64].Or(1 << (at % 64))
		}
		b, off = b[n:], off+n
	}
	return nil
}

// spoolError says what is to be done when there is no room.
func spoolError(err error) error {
	if pe := (*os.PathError)(nil); errors.As(err, &pe) {
		err = pe.Err
	}
	err = fmt.Errorf("unpacking into the directory for temporary files: %w", err)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EFBIG) {
		return binread.WithHint(err, "name a directory with more room in TMPDIR, or unpack the image first")
	}
	return err
}

// zero reports whether there are only zeros: each byte is the one before, and the first is zero.
func zero(b []byte) bool {
	return len(b) == 0 || b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1])
}

// Close drops what was unpacked.
func (s *stream) Close() error {
	for _, p := range s.pieces {
		p.mu.Lock()
		if p.r != nil {
			_ = p.r.Close() // of a decoder, in memory
			p.r = nil
		}
		p.mu.Unlock()
	}
	err := s.spool.Close()
	_ = os.Remove(s.spool.Name()) // where it still has its name
	return err
}

// Size is the size when it is unpacked, in bytes.
func (s *stream) Size() int64 { return s.size }

// at is the index of the piece in which an offset lies.
func (s *stream) at(off int64) int {
	return sort.Search(len(s.pieces), func(i int) bool { return s.pieces[i].off+s.pieces[i].size > off })
}

// ready unpacks what the n bytes at off need, and returns how many of them there are before something that cannot be unpacked.
func (s *stream) ready(off, n int64) (int64, error) {
	for i, at := s.at(off), off; at < off+n; i++ {
		p := s.pieces[i]
		end := min(off+n, p.off+p.size)
		if err := s.fill(p, end-p.off); err != nil {
			return max(0, p.off+p.done.Load()-off), fmt.Errorf("%s: %w", s.format, err)
		}
		at = end
	}
	return n, nil
}

// fill unpacks the first n bytes of a piece: more where there are other pieces, because a decoder that is kept takes memory.
func (s *stream) fill(p *piece, n int64) error {
	if p.done.Load() >= n {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(s.pieces) > 1 {
		n = p.size
	}
	if p.done.Load() >= n || p.err != nil {
		if p.done.Load() >= n {
			return nil
		}
		return p.err
	}
	err := s.decode(p, n)
	if err != nil && s.room.Check() != nil {
		return err // the next one may go on
	}
	p.err = err
	return err
}

func (s *stream) decode(p *piece, n int64) (err error) {
	if p.r == nil {
		if p.r, err = p.open(); err != nil {
			return damaged(err)
		}
	}
	buf := make([]byte, min(step, p.size))
	for done := p.done.Load(); done < n; {
		if err := s.room.Check(); err != nil {
			return err
		}
		b := buf[:min(int64(len(buf)), p.size-done)]
		got, err := io.ReadFull(p.r, b)
		if werr := s.keep(b[:got], p.off+done); werr != nil {
			return werr
		}
		done += int64(got)
		last := done == p.size && err == nil
		if last {
			err = atEnd(p.r, p.from)
		}
		if err != nil {
			p.done.Store(done - int64(got))
			return fmt.Errorf("piece at %#x: %w", p.from, damaged(err))
		}
		p.done.Store(done)
		if last {
			err, p.r = p.r.Close(), nil
			return err
		}
	}
	return nil
}

// ReadAt implements io.ReaderAt.
func (s *stream) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("read at a negative offset")
	}
	want := image.Clip(s.size, off, int64(len(b)))
	have, err := s.ready(off, want)
	if rerr := s.read(b[:min(have, want)], off); rerr != nil {
		return 0, rerr
	}
	if err == nil && want < int64(len(b)) {
		err = io.EOF
	}
	return int(min(have, want)), err
}

// read reads what was unpacked.
func (s *stream) read(b []byte, off int64) error {
	for len(b) > 0 {
		run := s.run(off, int64(len(b)))
		if run.Zero {
			clear(b[:run.Len])
		} else if n, err := s.spool.ReadAt(b[:run.Len], off); int64(n) < run.Len {
			if !errors.Is(err, io.EOF) {
				return err
			}
			clear(b[n:run.Len]) // behind the last byte that is not zero nothing was written
		}
		b, off = b[run.Len:], off+run.Len
	}
	return nil
}

// run is the longest run of chunks with data, or without, at an offset.
func (s *stream) run(off, n int64) image.Extent {
	holds := func(at int64) bool { return s.data[at/64].Load()>>(at%64)&1 == 1 }
	at := off / chunk
	has := holds(at)
	end := (at + 1) * chunk
	for end < off+n && holds(end/chunk) == has {
		end += chunk
	}
	return image.Extent{Off: off, Len: min(end-off, n), Zero: !has}
}

// Extent implements image.Extenter. It unpacks what it tells of.
func (s *stream) Extent(off, n int64) (image.Extent, error) {
	n = image.Clip(s.size, off, min(n, step))
	if n == 0 {
		return image.Extent{Off: off}, nil
	}
	have, err := s.ready(off, n)
	if have == 0 && err != nil {
		// What cannot be unpacked is data: whoever reads it is told why it cannot be had.
		return image.Extent{Off: off, Len: n}, nil //nolint:nilerr // the read returns it
	}
	return s.run(off, min(have, n)), nil
}

// check unpacks everything.
func (s *stream) check(ctx context.Context, opts image.CheckOptions, checked *image.Checked) error {
	if opts.Started != nil {
		opts.Started(s.size)
	}
	for _, p := range s.pieces {
		for n := int64(0); ; {
			if err := ctx.Err(); err != nil {
				return err
			}
			before := n
			n = min(p.size, n+step)
			if err := s.fill(p, n); err != nil {
				if s.room.Check() != nil {
					return err
				}
				d := image.Damage{
					Harm: image.Damaged, Problem: s.format + ": " + err.Error(), Host: p.from, Guest: image.Nowhere, Units: 1,
				}
				checked.Add(d)
				opts.Report(d)
				break
			}
			if opts.Progress != nil {
				opts.Progress(n - before)
			}
			if n == p.size {
				break
			}
		}
	}
	return nil
}
