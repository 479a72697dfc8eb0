// Package archive opens archives and compressed files that stand in memory, within limits.
//
// It reads zip (APPNOTE.TXT 6.3), tar (POSIX pax, GNU, old), cpio (newc), ar (and so deb), rpm, and files compressed by gzip, bzip2,
// xz, lzma, zstd and lz4. A compressed tar or cpio is one archive: it is unpacked as it is read, and never held whole. Other formats
// are recognised and named as not opened. Archives come from an attacked machine: nothing is allocated because an archive says so,
// and what contradicts itself, breaks off, is encrypted or goes beyond a limit is a problem that the caller is told.
package archive

import (
	"errors"
	"io"
	"path"
	"strings"

	"github.com/pierrec/lz4/v4"
	"github.com/therootcompany/xz"
	"github.com/ulikunitz/xz/lzma"

	"github.com/klauspost/compress/zstd"

	"github.com/guestctl/guestctl/engine/binread"
)

// Member is a file in an archive, or what a compressed file holds.
type Member struct {
	Name string // bytes as the archive has them, with ".." and all; "" of a compressed file, which has no name for its content
	Size int64  // that the archive says; -1 where it says nothing
	// Reader reads the content until the visitor returns. Errors are of a kind of engine/binread, or the error of the Budget, and
	// what was read before holds.
	io.Reader
}

// Visitor is told what is in an archive.
type Visitor struct {
	// Member is called for each file. An error ends the walk.
	Member func(m Member) error
	// Problem is called for what was not opened, or not wholly. An empty name is the archive itself. The error is of a kind of
	// engine/binread.
	Problem func(name string, err error)
	// Link is called for each symbolic link of a cpio archive, where it is not nil.
	Link func(name, target string)
}

// Is reports whether content is an archive, or a compressed file, that this package opens or names as not opened.
func Is(content []byte) bool { return formatOf(content) != nil }

// Walk tells v what is in the archive. The error is that of v.Member, or of the budget.
func Walk(content []byte, b *Budget, v Visitor) error {
	w := &walker{Visitor: v, budget: b}
	f := formatOf(content)
	switch {
	case f == nil:
		return w.zip(content) // at the end of a program
	case f.walk == nil:
		return w.problem("", binread.Unsupported("%s is not opened", f.name))
	}
	return f.walk(w, content)
}

// Bare is the name of a file without the ending that compression gave it.
func Bare(name string) string {
	ext := path.Ext(name)
	bare := strings.TrimSuffix(name, ext)
	if bare == "" {
		return name
	}
	switch strings.ToLower(ext) {
	case ".gz", ".bz2", ".xz", ".lzma", ".zst", ".lz4":
		return bare
	case ".tgz", ".tbz", ".tbz2", ".txz", ".tzst":
		return bare + ".tar"
	}
	return name
}

// walker goes through one archive. Its methods return the errors that end the walk; all others are problems.
type walker struct {
	Visitor
	budget *Budget
}

// member hands a file to the visitor.
func (w *walker) member(m Member) error {
	if err := w.budget.member(); err != nil {
		return err
	}
	m.Reader = kinds{m.Reader}
	if err := w.Member(m); err != nil {
		return err
	}
	return w.budget.err
}

// problem tells the visitor, unless the budget is the cause: that ends the walk.
func (w *walker) problem(name string, err error) error {
	if stop := w.budget.problem(); stop != nil {
		return stop
	}
	w.Problem(name, kindOf(err))
	return nil
}

// kinds gives errors of libraries their kind.
type kinds struct{ r io.Reader }

// Read reads from the library.
func (k kinds) Read(p []byte) (int, error) {
	n, err := k.r.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, kindOf(err)
}

// kindOf is err, or what is wrong in its place.
func kindOf(err error) error {
	var size *lzma.ErrDictSize
	switch {
	case hasKind(err):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, xz.ErrBuf):
		return binread.Corrupt("it breaks off")
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, xz.ErrMemlimit),
		errors.As(err, &size):
		return binread.Limit("unpacking it takes a dictionary of more than %d MiB", maxDictionary>>20)
	case errors.Is(err, xz.ErrOptions), errors.Is(err, xz.ErrUnsupportedCheck), errors.Is(err, zstd.ErrUnknownDictionary),
		errors.Is(err, lz4.ErrOptionInvalidBlockSize):
		return binread.Unsupported("%w", err)
	}
	return binread.Corrupt("%w", err)
}

func hasKind(err error) bool {
	for _, kind := range []error{binread.ErrCorrupt, binread.ErrUnsupported, binread.ErrLimit, binread.ErrEncrypted, ErrTime} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
