package rpmdb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/guestctl/guestctl/engine/binread"
)

// copy writes the guest's file into the private directory.
func (r *reader) copy(path, file string) error {
	src, err := r.g.Open(path)
	if src == nil {
		return err
	}
	if err != nil { // the content came with it, and is not to be believed
		if err := r.problem(err); err != nil {
			return err
		}
	}
	if src.Size() > maxDatabase {
		return binread.Limit("%s has %d bytes, want at most %d", path, src.Size(), int64(maxDatabase))
	}
	dst, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	b := make([]byte, min(src.Size(), 1<<20))
	for off := int64(0); off < src.Size() && err == nil; off += int64(len(b)) {
		if err = r.ctx.Err(); err != nil {
			break
		}
		b = b[:min(int64(len(b)), src.Size()-off)]
		if err = binread.Fill(src, b, off); err == nil {
			_, err = dst.Write(b)
		} else {
			err = &fs.PathError{Op: "read", Path: path, Err: err}
		}
	}
	return errors.Join(err, dst.Close())
}

// copyLog copies what stands beside an SQLite database and is part of it.
func (r *reader) copyLog(file string) error {
	journal := r.path + "-journal"
	if used, err := r.begun(journal); err != nil {
		return err
	} else if used {
		return binread.Unsupported("an unfinished transaction lies in %s and is not rolled back", journal)
	}
	err := r.copy(r.path+log, file+log)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	f, err := os.Open(file + log)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if err := checkLog(r.ctx, f, st.Size()); err != nil {
		return r.problem(fmt.Errorf("%s: %w", r.path+log, err))
	}
	return nil
}

// begun reports whether a rollback journal has content. One that was finished is empty or begins with zeros (SQLite,
// fileformat2, section 3).
func (r *reader) begun(journal string) (bool, error) {
	f, err := r.g.Open(journal)
	if f == nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return false, err
	}
	head := make([]byte, 8)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, &fs.PathError{Op: "read", Path: journal, Err: err}
	}
	for _, b := range head[:n] {
		if b != 0 {
			return true, nil
		}
	}
	return false, nil
}
