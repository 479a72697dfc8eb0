package intel

import (
	"errors"
	"io"
	"os"
)

// spool is where a feed is written to before its place is known: a file without a name that others see, or memory.
type spool struct {
	file *os.File
	mem  []byte
	size int64
}

// newSpool returns a spool in a folder, or in memory where dir is "".
func newSpool(dir string) (*spool, error) {
	if dir == "" {
		return &spool{}, nil
	}
	f, err := os.CreateTemp(dir, ".guestctl-intel-*")
	return &spool{file: f}, err
}

// Write adds to the end.
func (s *spool) Write(p []byte) (int, error) {
	if s.file == nil {
		s.mem = append(s.mem, p...)
		s.size += int64(len(p))
		return len(p), nil
	}
	n, err := s.file.WriteAt(p, s.size)
	s.size += int64(n)
	return n, err
}

// WriteAt changes what was written.
func (s *spool) WriteAt(p []byte, off int64) (int, error) {
	if s.file != nil {
		return s.file.WriteAt(p, off)
	}
	return copy(s.mem[off:], p), nil
}

// ReadAt reads what was written.
func (s *spool) ReadAt(p []byte, off int64) (int, error) {
	if s.file != nil {
		return s.file.ReadAt(p, off)
	}
	if off >= int64(len(s.mem)) {
		return 0, io.EOF
	}
	n := copy(p, s.mem[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Close removes the spool.
func (s *spool) Close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}

// keep gives the spool a name, in the place of what had it.
func (s *spool) keep(name string) error {
	if err := errors.Join(s.file.Chmod(0o644), s.file.Sync(), s.file.Close()); err != nil {
		return errors.Join(err, os.Remove(s.file.Name()))
	}
	return os.Rename(s.file.Name(), name)
}
