// Package checksums verifies files that carry checksums of their own, other than archives: what no package has a digest of and a running
// system writes, such as the journals of systemd.
//
// A file of a running system may have been copied while it was written: what does not agree in one that was open is in doubt, and no
// proof of damage.
package checksums

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"
)

// maxProblems of one file are kept one by one.
const maxProblems = 20

// Format is one kind of file.
type Format struct {
	Name  string
	Roots []string // directories below which files of this kind lie
	Is    func(path string) bool
	// Verify reads the whole file. The error is that of the context, of a read that failed, of kind binread.ErrUnsupported or ErrLimit, or
	// says why nothing of the file can be verified.
	Verify func(ctx context.Context, f File) (Result, error)
}

// File is one that is verified.
type File struct {
	io.ReaderAt
	Size int64 // bytes
	Path string
	// Beside returns the first n bytes of another file, whose name begins in the directory of this one.
	Beside func(name string, n int64) ([]byte, error)
}

// Formats lists what can be verified.
func Formats() []Format {
	return []Format{
		{"journal of systemd", []string{"/var/log/journal"}, isJournal, Journal},
		{"database of PostgreSQL", []string{"/var/lib/postgresql", "/var/lib/pgsql"}, isDatabase, Pages},
	}
}

// Result is what a file came to.
type Result struct {
	Verified int // checksums
	Problems []Problem
	More     int // problems that are only counted
	// Open is set where the file was being written to: what is wrong in it may be of the moment of the copy.
	Open bool
	// Without is set where the file could have checksums, and has none.
	Without bool
}

// Problem is one thing that is wrong.
type Problem struct {
	Offset  int64 // in the file, in bytes
	Message string
}

func (p Problem) String() string { return fmt.Sprintf("at %#x: %s", p.Offset, p.Message) }

func (r *Result) problem(off int64, format string, args ...any) {
	if len(r.Problems) == maxProblems {
		r.More++
		return
	}
	r.Problems = append(r.Problems, Problem{off, fmt.Sprintf(format, args...)})
}

// isJournal tells by the name: a file with ~ was found damaged by the system that wrote it, and put aside.
func isJournal(file string) bool {
	return strings.HasSuffix(path.Base(file), ".journal")
}
