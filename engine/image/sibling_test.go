package image

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
)

// listImage is an image whose file has a line for each file it names; a line may have a format after a space.
type listImage struct {
	Image
	text   string
	below  []Image
	format string
	closed *int
}

func (m *listImage) Close() error {
	*m.closed++
	var errs []error
	for _, b := range m.below {
		errs = append(errs, b.Close())
	}
	return errors.Join(errs...)
}

func (m *listImage) Size() int64 { return int64(len(m.text)) }

// openList opens files and all that they name, and counts what was closed.
func openList(closed *int) Opener {
	return func(r io.ReaderAt, size int64, format string, sibling Sibling) (Image, error) {
		b, err := binread.ReadAt(r, 0, size, 1<<20)
		if err != nil {
			return nil, err
		}
		m := &listImage{text: string(b), format: format, closed: closed}
		if !bytes.HasPrefix(b, []byte("list\n")) {
			return m, nil
		}
		for line := range strings.Lines(m.text[len("list\n"):]) {
			name, format, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			below, err := sibling(name, format)
			if err != nil {
				return nil, errors.Join(fmt.Errorf("%q: %w", name, err), m.Close())
			}
			m.below = append(m.below, below)
		}
		return m, nil
	}
}

func openIt(t *testing.T, path string, allowed ...string) (*listImage, error) {
	t.Helper()
	f, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	open := openList(new(int))
	img, err := open(f, f.Size(), "", Dirs{Allowed: allowed, Open: open}.Sibling(f))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { img.Close() })
	return img.(*listImage), nil
}

func TestSiblingsInsideAreOpened(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "images/base"), "base")
	write(t, filepath.Join(dir, "images/deep/middle"), "list\n../base raw\n")
	write(t, filepath.Join(other, "golden/base"), "golden")
	for target, link := range map[string]string{"base": "images/inside", "images": "linked"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, allow, open, want string
	}{
		{"base", "", "images", "base"},
		{"./deep/../base", "", "images", "base"},
		{"inside", "", "images", "base"},
		{"deep/middle", "", "images", "list\n../base raw\n"},
		{filepath.Join(dir, "images/base"), "", "images", "base"},
		{filepath.Join(dir, "images/base"), "", "linked", "base"},
		{filepath.Join(dir, "linked/base"), "", "linked", "base"},
		{filepath.Join(other, "golden/base"), other, "images", "golden"},
		{"../other/base", filepath.Join(dir, "other"), "images", "from other"},
	} {
		write(t, filepath.Join(dir, "other/base"), "from other")
		write(t, filepath.Join(dir, "images/top"), "list\n"+c.name+" raw\n")
		img, err := openIt(t, filepath.Join(dir, c.open, "top"), c.allow)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		below := img.below[0].(*ownedImage).Image.(*listImage)
		if below.text != c.want || below.format != "raw" {
			t.Errorf("%s has %q, format %q, want %q, raw", c.name, below.text, below.format, c.want)
		}
	}
}

func TestSiblingsOutsideAreRefused(t *testing.T) {
	dir := t.TempDir()
	images := filepath.Join(dir, "images")
	write(t, filepath.Join(dir, "secret"), "secret")
	write(t, filepath.Join(dir, "images2/base"), "secret")
	write(t, filepath.Join(images, "sub/file"), "x")
	for link, target := range map[string]string{
		"up": "../secret", "absolute": filepath.Join(dir, "secret"), "updir": "..", "loop": "loop", "null": "/dev/null",
	} {
		if err := os.Symlink(target, filepath.Join(images, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(images, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, kind := range map[string]error{
		"/etc/passwd":                      binread.ErrRefused,
		"../secret":                        binread.ErrRefused,
		"sub/../../secret":                 binread.ErrRefused,
		"../../../../../../../etc/passwd":  binread.ErrRefused,
		"../images2/base":                  binread.ErrRefused,
		filepath.Join(dir, "secret"):       binread.ErrRefused,
		filepath.Join(dir, "images2/base"): binread.ErrRefused,
		images + "/../secret":              binread.ErrRefused,
		"up":                               binread.ErrRefused,
		"absolute":                         binread.ErrRefused,
		"updir/secret":                     binread.ErrRefused,
		"loop":                             binread.ErrRefused,
		"null":                             binread.ErrRefused,
		"/dev/null":                        binread.ErrRefused,
		"pipe":                             binread.ErrRefused,
		"sub":                              binread.ErrRefused,
		".":                                binread.ErrRefused,
		"":                                 binread.ErrRefused,
		"sub/file\x00.qcow2":               binread.ErrRefused,
		"absent":                           fs.ErrNotExist,
		"top":                              binread.ErrRefused, // itself
		"sub/file/x":                       binread.ErrRefused,
	} {
		write(t, filepath.Join(images, "top"), "list\n"+name+"\n")
		_, err := openIt(t, filepath.Join(images, "top"), "") // no name of a directory allows none
		if !errors.Is(err, kind) {
			t.Errorf("%q: %v, want kind %v", name, err, kind)
		}
		if err != nil && strings.Contains(strings.TrimPrefix(err.Error(), fmt.Sprintf("%q", name)), dir) {
			t.Errorf("%q: error %q has a path of the host", name, err)
		}
	}
}

func TestSiblingLoopsAreRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "list\nb\n")
	write(t, filepath.Join(dir, "b"), "list\nc\n")
	if err := os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	if _, err := openIt(t, filepath.Join(dir, "a")); !errors.Is(err, binread.ErrRefused) || !strings.Contains(err.Error(), "loop") {
		t.Errorf("a names b, b names c, c is a: %v, want it refused as a loop", err)
	}
}

func TestSiblingChainsAreBounded(t *testing.T) {
	for depth, want := range map[int]error{maxChain: nil, maxChain + 1: binread.ErrLimit} {
		dir := t.TempDir()
		for i := range depth {
			write(t, filepath.Join(dir, strconv.Itoa(i)), fmt.Sprintf("list\n%d\n", i+1))
		}
		write(t, filepath.Join(dir, strconv.Itoa(depth)), "base")
		if _, err := openIt(t, filepath.Join(dir, "0")); !errors.Is(err, want) {
			t.Errorf("a chain of %d files below the first: %v, want %v", depth, err, want)
		}
	}
}

// TestPiecesAreNoLinksOfAChain has every file of a chain name pieces beside the next file, as the last one does.
func TestPiecesAreNoLinksOfAChain(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "piece"), "piece")
	for i := range maxChain {
		write(t, filepath.Join(dir, strconv.Itoa(i)), fmt.Sprintf("list\npiece raw\n%d\npiece raw\n", i+1))
	}
	write(t, filepath.Join(dir, strconv.Itoa(maxChain)), "list\npiece raw\npiece raw\n")
	if _, err := openIt(t, filepath.Join(dir, "0")); err != nil {
		t.Errorf("a chain of %d files in pieces: %v", maxChain, err)
	}
	write(t, filepath.Join(dir, strconv.Itoa(maxChain)), "list\n0 raw\n")
	if _, err := openIt(t, filepath.Join(dir, "0")); !errors.Is(err, binread.ErrRefused) {
		t.Errorf("the first file of the chain as a piece of the last: %v, want kind %v", err, binread.ErrRefused)
	}
}

func TestSiblingsOfOneImageAreBounded(t *testing.T) {
	dir := t.TempDir()
	for i := range 4 { // each names the next 16 times: 16^4 files
		write(t, filepath.Join(dir, strconv.Itoa(i)), "list\n"+strings.Repeat(fmt.Sprintf("%d\n", i+1), 16))
	}
	write(t, filepath.Join(dir, "4"), "base")
	if _, err := openIt(t, filepath.Join(dir, "0")); !errors.Is(err, binread.ErrLimit) {
		t.Errorf("an image that names 65536 files: %v, want kind %v", err, binread.ErrLimit)
	}
}

func TestClosingASiblingClosesItsFile(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "base"), "base")
	write(t, filepath.Join(dir, "top"), "list\nbase\n")
	f, err := OpenFile(filepath.Join(dir, "top"))
	if err != nil {
		t.Fatal(err)
	}
	closed := 0
	var readers []io.ReaderAt
	open := func(r io.ReaderAt, size int64, format string, sibling Sibling) (Image, error) {
		readers = append(readers, r)
		return openList(&closed)(r, size, format, sibling)
	}
	img, err := open(f, f.Size(), "", Dirs{Open: open}.Sibling(f))
	if err != nil {
		t.Fatal(err)
	}
	if err := WithFile(img, f).Close(); err != nil || closed != 2 {
		t.Errorf("close: %v, %d images closed, want 2", err, closed)
	}
	for _, r := range readers {
		if _, err := r.ReadAt(make([]byte, 1), 0); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("read after close: %v, want %v", err, fs.ErrClosed)
		}
	}
}

func TestFailedSiblingsLeaveNoFileOpen(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "top"), "list\nbase\nmiddle\n")
	write(t, filepath.Join(dir, "middle"), "list\nabsent\n")
	write(t, filepath.Join(dir, "base"), "base")
	var readers []io.ReaderAt
	open := func(r io.ReaderAt, size int64, format string, sibling Sibling) (Image, error) {
		readers = append(readers, r)
		return openList(new(int))(r, size, format, sibling)
	}
	f, err := OpenFile(filepath.Join(dir, "top"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := open(f, f.Size(), "", Dirs{Open: open}.Sibling(f)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want kind %v", err, fs.ErrNotExist)
	}
	for _, r := range slices.DeleteFunc(readers, func(r io.ReaderAt) bool { return r == f }) {
		if _, err := r.ReadAt(make([]byte, 1), 0); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("read after the failure: %v, want %v", err, fs.ErrClosed)
		}
	}
}

func TestExtentOfPassesThroughFiles(t *testing.T) {
	img := WithFile(&holeImage{}, io.NopCloser(nil))
	if e, err := ExtentOf(img, 5, 10); err != nil || e != (Extent{5, 10, true}) {
		t.Errorf("extent %+v, %v, want a hole of 10 bytes", e, err)
	}
	if e, err := ExtentOf(WithFile(&listImage{text: "1234567"}, io.NopCloser(nil)), 5, 10); err != nil || e != (Extent{5, 2, false}) {
		t.Errorf("extent %+v, %v, want data up to the end", e, err)
	}
}

type holeImage struct{ Image }

func (*holeImage) Extent(off, n int64) (Extent, error) { return Extent{off, n, true}, nil }
