package owners

import (
	"context"
	"errors"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	maxFiles    = 4_000_000 // in all lists
	maxList     = 64 << 20  // bytes of one list
	maxProblems = 100
)

// Lists reads the lists of files that package managers keep, with limits on what they may hold.
type Lists struct {
	// Problems are what could not be read, or is not to be believed.
	Problems []Problem

	guest *guest.Guest
	dirs  map[string]string // of lists, to where they lead
	files int
}

// Problem is something that went wrong, with the guest path it is about.
type Problem struct {
	Path string
	Err  error
}

// NewLists returns the lists of a guest, of which none was read.
func NewLists(g *guest.Guest) Lists { return Lists{guest: g, dirs: map[string]string{}} }

// Guest is the guest whose lists they are.
func (l *Lists) Guest() *guest.Guest { return l.guest }

// Problem records what went wrong.
func (l *Lists) Problem(path string, err error) {
	if len(l.Problems) < maxProblems {
		l.Problems = append(l.Problems, Problem{path, err})
	}
}

// Count counts one file of a list. The error is of kind binread.ErrLimit.
func (l *Lists) Count() error {
	if l.files++; l.full() {
		return binread.Limit("more than %d files", maxFiles)
	}
	return nil
}

func (l *Lists) full() bool { return l.files > maxFiles }

// Resolve resolves the directory that a file of a list is in, and not file itself: a package owns its links.
func (l *Lists) Resolve(file string) string {
	if file == "" || file[0] != '/' {
		file = "/" + file
	}
	file = path.Clean(file)
	dir, name := path.Split(file)
	to, ok := l.dirs[dir]
	if !ok {
		var err error
		if to, err = l.guest.Resolve(dir); err != nil && !errors.Is(err, binread.ErrChecksum) || to == "" {
			to = dir // it is not there or cannot be read, and neither can the file
		}
		l.dirs[strings.Clone(dir)] = to
	}
	if strings.TrimSuffix(to, "/") == strings.TrimSuffix(dir, "/") {
		return file
	}
	return path.Join(to, name)
}

// Lines calls one for each line of a list, with its number. A list that is damaged is a problem, and is read as far as it goes.
func (l *Lists) Lines(ctx context.Context, list string, one func(n int, line string) error) error {
	b, err := l.guest.ReadFile(list, maxList)
	return l.each(ctx, list, b, err, one)
}

// LinesOf is Lines of the object at a path.
func (l *Lists) LinesOf(ctx context.Context, list string, o guest.Object, one func(n int, line string) error) error {
	if !o.IsRegular() {
		return l.Lines(ctx, list, one)
	}
	b, err := o.ReadAll(maxList)
	return l.each(ctx, list, b, err, one)
}

func (l *Lists) each(ctx context.Context, list string, b []byte, err error, one func(n int, line string) error) error {
	if b == nil && err != nil {
		return err
	}
	if err != nil { // the content came with it, and is not to be believed
		l.Problem(list, err)
	}
	if len(b) > 0 && b[len(b)-1] != '\n' {
		l.Problem(list, binread.Corrupt("file ends in the middle of a line"))
	}
	n := 0
	for line := range strings.SplitSeq(strings.TrimSuffix(string(b), "\n"), "\n") {
		if n++; n%10_000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := one(n, line); err != nil {
			return err
		}
	}
	return nil
}
