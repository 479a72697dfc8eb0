package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

func (w *walker) tarFile(content []byte) error {
	return w.tar(bufio.NewReaderSize(w.meter(bytes.NewReader(content)), peeked))
}

// tar opens a tar, those that follow its end, and what follows a header that is broken: programs go on there, as GNU tar does, and
// so may what is hidden from them.
func (w *walker) tar(b *bufio.Reader) error {
	for {
		cause, stop := w.tarMembers(tar.NewReader(b))
		if stop != nil {
			return stop
		}
		stray, more, err := nextTar(b)
		if cause == nil && stray {
			cause = binread.Corrupt("something that is no member follows the end of the archive")
		}
		if cause == nil {
			cause = err
		}
		if cause != nil {
			if stop := w.problem("", cause); stop != nil {
				return stop
			}
		}
		if !more {
			return nil
		}
	}
}

// tarMembers returns why the tar ended before its end, or the error that ends the walk.
func (w *walker) tarMembers(t *tar.Reader) (cause, stop error) {
	for {
		h, err := t.Next()
		switch {
		case err == io.EOF:
			return nil, nil
		case err != nil && !errors.Is(err, tar.ErrInsecurePath):
			return err, w.budget.Err()
		case !holdsContent(h):
			continue
		}
		m := Member{h.Name, h.Size, t}
		if isSparse(h) {
			m.Reader = w.meter(t) // holes are in no stream that is counted
		}
		if err := w.member(m); err != nil {
			return nil, err
		}
	}
}

// holdsContent takes files, and what is of a type that programs take for one.
func holdsContent(h *tar.Header) bool {
	return h.Typeflag == tar.TypeReg || h.Typeflag != tar.TypeXGlobalHeader && h.Size > 0
}

func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// nextTar goes to the next header. stray says that it went over something beside zeros.
func nextTar(b *bufio.Reader) (stray, more bool, err error) {
	for {
		block, err := b.Peek(tarBlock)
		switch {
		case isTar(block):
			return stray, true, nil
		case len(block) == 0 && errors.Is(err, io.EOF):
			return stray, false, nil
		case len(block) == 0:
			return stray, false, err
		}
		stray = stray || !isZero(block)
		if _, err := b.Discard(len(block)); err != nil {
			return stray, false, err
		}
	}
}
