package archive

import (
	"bufio"
	"bytes"
	"io"
	"strconv"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	cpioHeader  = 110 // bytes
	maxCpioName = 64 << 10
)

// isCpio knows newc, which the kernel and rpm read, with or without checksums.
func isCpio(content []byte) bool {
	return bytes.HasPrefix(content, []byte("070701")) || bytes.HasPrefix(content, []byte("070702"))
}

// cpioFile opens archives one after the other, and the compressed one at their end: so the kernel reads an initrd.
func (w *walker) cpioFile(content []byte) error {
	src := bytes.NewReader(content)
	b := bufio.NewReaderSize(w.meter(src), peeked)
	if err := w.cpio(b); err != nil {
		return err
	}
	rest := content[len(content)-src.Len()-b.Buffered():]
	if compressionOf(rest) == nil {
		return w.noMore(b)
	}
	return w.compressed(rest)
}

// cpio opens archives one after the other, up to something else.
func (w *walker) cpio(b *bufio.Reader) error {
	for {
		head, err := b.Peek(len("070701"))
		if err != nil || !isCpio(head) {
			return nil //nolint:nilerr // it comes again
		}
		cause, stop := w.cpioMembers(b)
		if stop != nil {
			return stop
		}
		if cause != nil {
			return w.cpioBroken(b, cause)
		}
		if err := skipZeros(b); err != nil {
			return w.problem("", err)
		}
	}
}

// cpioBroken tells why an archive ended before its end. Nobody knows where the next begins.
func (w *walker) cpioBroken(b *bufio.Reader, cause error) error {
	if err := w.problem("", cause); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, b)
	if err != nil {
		return w.budget.Err() // that it breaks off was told
	}
	return nil
}

// cpioMembers returns why the archive ended before its end, or the error that ends the walk.
func (w *walker) cpioMembers(b *bufio.Reader) (cause, stop error) {
	for {
		h, err := readCpioHeader(b)
		if err != nil {
			return err, w.budget.Err()
		}
		if h.name == "TRAILER!!!" {
			return nil, nil
		}
		content := io.LimitReader(b, h.size).(*io.LimitedReader) //nolint:errcheck // its type is documented
		switch {
		case h.regular:
			if err := w.member(Member{h.name, h.size, whole{content}}); err != nil {
				return nil, err
			}
		case h.link && w.Link != nil && h.size <= maxCpioName:
			target, err := io.ReadAll(whole{content})
			if err != nil {
				return err, w.budget.Err()
			}
			w.Link(h.name, string(target))
		}
		if err := skip(b, content.N+pad4(h.size)); err != nil {
			return err, w.budget.Err()
		}
	}
}

type cpioMember struct {
	name          string
	size          int64
	regular, link bool
}

// readCpioHeader reads the header of a member and its name, with what pads them.
func readCpioHeader(b *bufio.Reader) (m cpioMember, err error) {
	var h [cpioHeader]byte
	if _, err := io.ReadFull(b, h[:]); err != nil {
		return m, err
	}
	if !isCpio(h[:]) {
		return m, binread.Corrupt("header of a member begins with %q, want 070701", h[:6])
	}
	var fields [13]int64
	for i := range fields {
		n, err := strconv.ParseUint(string(h[6+8*i:14+8*i]), 16, 32)
		if err != nil {
			return m, binread.Corrupt("header of a member has %q, want 8 hexadecimal digits", h[6+8*i:14+8*i])
		}
		fields[i] = int64(n)
	}
	mode, nameSize := fields[1], fields[11]
	m.size, m.regular, m.link = fields[6], mode&0o170000 == 0o100000, mode&0o170000 == 0o120000
	if nameSize < 1 || nameSize > maxCpioName {
		return m, binread.Corrupt("name of a member has %d bytes, want 1 to %d", nameSize, maxCpioName)
	}
	name := make([]byte, nameSize)
	if _, err := io.ReadFull(b, name); err != nil {
		return m, err
	}
	m.name = string(bytes.TrimSuffix(name, []byte{0}))
	return m, skip(b, pad4(cpioHeader+nameSize))
}

// pad4 is how many bytes follow n bytes up to a multiple of 4.
func pad4(n int64) int64 { return -n & 3 }

func skip(b *bufio.Reader, n int64) error {
	for n > 0 {
		done, err := b.Discard(int(min(n, 1<<30)))
		if err != nil {
			return err
		}
		n -= int64(done)
	}
	return nil
}

func skipZeros(b *bufio.Reader) error {
	for {
		c, err := b.ReadByte()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case c != 0:
			return b.UnreadByte()
		}
	}
}

// whole reads what is limited, and says when there is less.
type whole struct{ *io.LimitedReader }

// Read reads as far as the limit.
func (w whole) Read(p []byte) (int, error) {
	n, err := w.LimitedReader.Read(p)
	if err == io.EOF && w.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
