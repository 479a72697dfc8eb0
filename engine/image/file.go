package image

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/guestctl/guestctl/engine/binread"
)

// File is a file or a block device of the host, open for reading. It implements io.ReaderAt, and Extenter where the host
// tells holes from data. It is safe for concurrent use.
type File struct {
	file *os.File
	info fs.FileInfo
	dir  string // that holds the file, absolute
	name string // in that directory
	size int64

	mu    sync.Mutex
	last  Extent // found last, so that a walk in small steps asks the host once per extent
	solid bool   // the host does not tell holes from data
}

// OpenFile opens an image file or block device that a person named. What cannot hold an image, such as a directory, a
// pipe or an empty file, is an error of one line, with a hint.
func OpenFile(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, hostError(path, err)
	}
	// A pipe would block in open, and opening some devices has effects: both are turned away before.
	if err := checkType(path, info.Mode()); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, hostError(path, err)
	}
	file, err := newFile(f, path)
	if err == nil {
		err = checkType(path, file.info.Mode())
	}
	if err == nil && file.size == 0 {
		err = binread.WithHint(binread.Corrupt("%s: is empty (0 bytes)", path),
			"a copy or download may have stopped before its first byte")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return file, nil
}

// newFile takes over f, which was opened under the given path.
func newFile(f *os.File, path string) (*File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, hostError(path, err)
	}
	dir, err := directoryOf(path)
	if err != nil {
		return nil, hostError(path, err)
	}
	size := info.Size()
	if !info.Mode().IsRegular() {
		if size, err = f.Seek(0, io.SeekEnd); err != nil {
			return nil, hostError(path, err)
		}
	}
	return &File{file: f, info: info, dir: dir, name: filepath.Base(path), size: size}, nil
}

// Name is the name of the file in its directory.
func (f *File) Name() string { return f.name }

// Has reports whether a file of another name is in the directory of this one.
func (f *File) Has(name string) bool {
	_, err := os.Lstat(filepath.Join(f.dir, name))
	return err == nil
}

// Beside lists the names in the directory of the file.
func (f *File) Beside() ([]string, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, hostError(f.dir, err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// Size is the size of the file in bytes, as it was when it was opened.
func (f *File) Size() int64 { return f.size }

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (int, error) { return f.file.ReadAt(p, off) }

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// Extent implements Extenter. On a host that does not tell holes from data everything is data.
func (f *File) Extent(off, n int64) (Extent, error) {
	n = Clip(f.size, off, n)
	if n == 0 {
		return Extent{Off: off}, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.solid {
		return Extent{Off: off, Len: n}, nil
	}
	if off < f.last.Off || off-f.last.Off >= f.last.Len {
		// Asking moves the position of the file, which ReadAt does not use.
		e, err := hostExtent(f.file, off, f.size)
		if err != nil {
			// Block devices and some file systems cannot answer: that is no damage.
			f.solid = true
			return Extent{Off: off, Len: n}, nil
		}
		f.last = e
	}
	return Extent{Off: off, Len: min(n, f.last.Off+f.last.Len-off), Zero: f.last.Zero}, nil
}

// checkType refuses what is neither a regular file nor a block device.
func checkType(path string, mode fs.FileMode) error {
	if mode.IsRegular() || mode&fs.ModeDevice != 0 && mode&fs.ModeCharDevice == 0 {
		return nil
	}
	err := binread.Unsupported("%s: is a %s, want a file or block device", path, typeName(mode))
	if mode.IsDir() {
		return binread.WithHint(err, "name the image file inside of it")
	}
	return binread.WithHint(err, "copy it into a file first")
}

func typeName(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "directory"
	case mode&fs.ModeNamedPipe != 0:
		return "pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeCharDevice != 0:
		return "character device"
	case mode&fs.ModeDevice != 0:
		return "block device"
	}
	return "special file"
}

// hostError says what the host said of path, without the name of the system call.
func hostError(path string, err error) error {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		err = pe.Err
	}
	err = fmt.Errorf("%s: %w", path, err)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return binread.WithHint(err, "check the name and the directory you are in")
	case errors.Is(err, fs.ErrPermission):
		return binread.WithHint(err, "run as a user who may read the file, or copy it; root is not needed")
	}
	return err
}
