package image

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	// maxChain is how many files may follow one another, each named by the one before.
	maxChain = 16
	// maxSiblings is how many files an image and all that it names may open together: a disk may be in pieces of 2 GB, and so may each
	// disk of its chain.
	maxSiblings = 8192
)

// Opener opens the container whose file is r, of size bytes. A format other than "" is not probed.
type Opener func(r io.ReaderAt, size int64, format string, sibling Sibling) (Image, error)

// Dirs say which files of the host an image may name, and open them.
//
// A name that comes from an image is resolved from the directory of the image that holds it, as the hypervisors do. It
// must end in the directory of the first image or in one of Allowed, or below. A symbolic link that leads out of that
// directory, a pipe, a device, a file that is already in the chain, and a chain of more than 16 files are refused. A file that is opened as
// Raw names no other, and is no link of a chain.
type Dirs struct {
	Allowed []string // directories besides the first image's own
	Open    Opener
}

// Sibling returns the rule for the files that the image in f names. Its errors do not repeat the name. Closing an image
// that it returned closes the file of that image too.
func (d Dirs) Sibling(f *File) Sibling {
	c := &chain{dirs: d, roots: roots(f.dir, d.Allowed), file: f, opened: new(atomic.Int32)}
	return c.open
}

// Files returns the rule for files that a person's file f names and that need not be images themselves. Whoever opens one closes it.
func (d Dirs) Files(f *File) func(name string) (*File, error) {
	c := &chain{roots: roots(f.dir, d.Allowed), file: f}
	return c.openFile
}

// WithFile returns img with a Close that closes f too.
func WithFile(img Image, f io.Closer) Image { return &ownedImage{img, f} }

type ownedImage struct {
	Image
	file io.Closer
}

func (o *ownedImage) Close() error { return errors.Join(o.Image.Close(), o.file.Close()) }

func (o *ownedImage) Extent(off, n int64) (Extent, error) { return ExtentOf(o.Image, off, n) }

// chain is a file whose image may name other files, and the files that led to it.
type chain struct {
	dirs   Dirs
	roots  []string
	parent *chain
	file   *File
	depth  int
	opened *atomic.Int32 // by the whole tree of chains
}

func (c *chain) open(name, format string) (Image, error) {
	if c.depth >= maxChain && format != Raw {
		return nil, binread.Limit("more than %d files name one another", maxChain)
	}
	if c.opened.Add(1) > maxSiblings {
		return nil, binread.Limit("more than %d files are named by one image", maxSiblings)
	}
	f, err := c.openFile(name)
	if err != nil {
		return nil, err
	}
	for up := c; up != nil; up = up.parent {
		if os.SameFile(up.file.info, f.info) {
			return nil, errors.Join(binread.Refused("the file is already in the chain, want no loop"), f.Close())
		}
	}
	next := &chain{c.dirs, c.roots, c, f, c.depth + 1, c.opened}
	img, err := c.dirs.Open(f, f.Size(), format, next.open)
	if err != nil {
		if cerr := f.Close(); cerr != nil {
			return nil, errors.Join(err, cerr)
		}
		return nil, err
	}
	return WithFile(img, f), nil
}

// openFile opens the file called name in the first allowed directory that holds it.
func (c *chain) openFile(name string) (*File, error) {
	if name == "" || strings.ContainsRune(name, 0) {
		return nil, binread.Refused("not a file name")
	}
	target := filepath.Clean(name)
	if !filepath.IsAbs(target) {
		target = filepath.Join(c.file.dir, target)
	}
	refused := binread.WithHint(binread.Refused("outside of the directories the image may name"),
		"only files beside the image, or in a directory you allow, are opened")
	for _, root := range c.roots {
		rel, err := filepath.Rel(root, target)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		f, err := openIn(root, rel)
		if err == nil {
			return f, nil
		}
		if refused = err; errors.Is(err, fs.ErrNotExist) {
			refused = binread.WithHint(err, "put the file beside the image, or allow the directory that holds it")
		}
	}
	return nil, refused
}

// openIn opens the regular file called rel inside of root, following only links that stay there.
func openIn(root, rel string) (*File, error) {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, siblingError(err)
	}
	defer dir.Close()
	// A pipe would block in open, and opening some devices has effects: both are turned away before.
	info, err := dir.Stat(rel)
	if err != nil {
		return nil, siblingError(err)
	}
	if !info.Mode().IsRegular() {
		return nil, binread.Refused("is a %s, want a regular file", typeName(info.Mode()))
	}
	f, err := dir.OpenFile(rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, siblingError(err)
	}
	file, err := newFile(f, filepath.Join(root, rel))
	if err == nil && !file.info.Mode().IsRegular() {
		err = binread.Refused("is a %s, want a regular file", typeName(file.info.Mode()))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return file, nil
}

// siblingError keeps what the host said and drops the path, which is no business of a report.
func siblingError(err error) error {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		err = pe.Err
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("cannot be opened: %w", err)
	}
	// What is left is a link that leads out of the directory, or a loop of links.
	return binread.Refused("cannot be opened inside of its directory: %w", err)
}

// roots are the allowed directories, as they were named and with their links resolved, because an image may hold the
// absolute path in either form.
func roots(own string, allowed []string) []string {
	var all []string
	for _, dir := range append([]string{own}, allowed...) {
		if dir == "" {
			continue // it would stand for the working directory
		}
		abs, err := filepath.Abs(dir)
		if err != nil {
			continue // what cannot be named is not allowed
		}
		all = append(all, abs)
		if resolved, err := filepath.EvalSymlinks(abs); err == nil && resolved != abs {
			all = append(all, resolved)
		}
	}
	return all
}

// directoryOf is the absolute directory of a path.
func directoryOf(path string) (string, error) {
	abs, err := filepath.Abs(path)
	return filepath.Dir(abs), err
}
