package facts

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
)

// maxText bounds a configuration file or package database, in bytes.
const maxText = 64 << 20

const maxProblems = 1000 // of one domain

// Scope is one collector's view of the guest. It remembers which files were read and what went wrong, so that a
// collector cannot forget to say so.
type Scope struct {
	Guest   *guest.Guest
	Request Request
	Now     int // day of the collection, in days since 1970-01-01 UTC

	shared   *shared
	facts    map[string]any
	files    map[string]bool
	problems []Problem
	ignored  []Problem
}

// Of returns a domain that this collector needs, or false when it was not collected. The domain must be among the
// collector's Needs.
func Of[T any](s *Scope, name string) (*T, bool) {
	v, ok := s.facts[name].(*T)
	return v, ok && v != nil
}

// Problem records something that went wrong; the domain becomes Partial. Line counts from 1; 0 means the whole file. Of
// very many the first ones are kept.
func (s *Scope) Problem(path string, line int, err error) {
	if len(s.problems) >= maxProblems {
		return
	}
	if t, ok := guest.TaintOf(err); ok {
		s.problems = append(s.problems, Problem{Message: t.Error()})
		return
	}
	p := problemOf(err)
	if p.Path != "" && p.Path != path {
		p.Message = p.Path + ": " + p.Message
	}
	s.problems = append(s.problems, Problem{path, line, p.Message})
}

// Ignored records something wrong that the guest's own programs pass over. It says nothing about the state of the domain. Of very many
// the first ones are kept.
func (s *Scope) Ignored(path string, line int, err error) {
	if len(s.ignored) < maxProblems {
		s.ignored = append(s.ignored, Problem{path, line, err.Error()})
	}
}

// ReadFile returns the content of the file that path leads to. Content that must not be believed is returned and
// recorded as a problem. Any other error is returned only: fs.ErrNotExist is for the collector to judge.
func (s *Scope) ReadFile(path string) ([]byte, error) {
	b, err := s.Guest.ReadFile(path, maxText)
	if err == nil || damaged(err) && b != nil {
		s.files[path] = true
	}
	return b, s.believe(path, err, b != nil)
}

// Uses records that the file at path was read by other means.
func (s *Scope) Uses(path string) { s.files[path] = true }

// Lines calls line for each line of the file that path leads to, with its number from 1 and without its end. Errors are
// those of ReadFile.
func (s *Scope) Lines(path string, line func(n int, text string)) error {
	b, err := s.ReadFile(path)
	if err != nil {
		return err
	}
	sc := bufio.NewScanner(bytes.NewReader(b))
	sc.Buffer(nil, len(b)+1)
	for n := 1; sc.Scan(); n++ {
		line(n, sc.Text())
	}
	return sc.Err()
}

// Stat describes what path leads to; errors are as for ReadFile.
func (s *Scope) Stat(path string) (guest.Object, error) {
	o, err := s.Guest.Stat(path)
	return o, s.believe(path, err, o.Mode != 0)
}

// Lstat describes what is at path, which may be a link; errors are as for ReadFile.
func (s *Scope) Lstat(path string) (guest.Object, error) {
	o, err := s.Guest.Lstat(path)
	return o, s.believe(path, err, o.Mode != 0)
}

// ReadLink returns the target of the link at path; errors are as for ReadFile.
func (s *Scope) ReadLink(path string) (string, error) {
	target, err := s.Guest.ReadLink(path)
	if err == nil {
		s.files[path] = true
	}
	return target, s.believe(path, err, target != "")
}

// ReadDir lists a directory in the order of names. A directory that is absent is empty. What could not be read of it is
// recorded as a problem, and the rest is returned.
func (s *Scope) ReadDir(path string) []guest.Entry {
	entries, err := s.Guest.ReadDir(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(path, 0, err)
	}
	return entries
}

// Glob returns the paths that match pattern. What could not be read on the way is recorded as a problem.
func (s *Scope) Glob(pattern string) []string {
	paths, err := s.Guest.Glob(pattern)
	if err != nil {
		s.Problem(pattern, 0, err)
	}
	return paths
}

// Exists reports whether path leads to something. A path that could not be looked up is recorded as a problem and does
// not exist.
func (s *Scope) Exists(path string) bool {
	_, err := s.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(path, 0, err)
	}
	return err == nil
}

// believe turns the error of a value that came with it into a problem.
func (s *Scope) believe(path string, err error, hasValue bool) error {
	if damaged(err) && hasValue {
		s.Problem(path, 0, err)
		return nil
	}
	return err
}

func damaged(err error) bool { return errors.Is(err, binread.ErrChecksum) }

// status is the domain's state after its collector returned err.
func (s *Scope) status(err error) Status {
	st := Status{State: OK, Files: slices.Sorted(maps.Keys(s.files)), Problems: s.problems, Ignored: s.ignored}
	switch {
	case errors.Is(err, binread.ErrUnsupported):
		st.State = Unsupported
	case errors.Is(err, guest.ErrUnread):
		st.State = Error
	case errors.Is(err, fs.ErrNotExist) && len(s.problems) == 0:
		st.State = Absent
	case err != nil:
		st.State = Error
	case len(s.problems) > 0:
		st.State = Partial
	}
	if err != nil && st.State != Absent {
		st.Problems = append(st.Problems, problemOf(err))
	}
	st.Problems, st.Ignored = sorted(st.Problems), sorted(st.Ignored)
	return st
}

func sorted(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(problems)
}

// ProblemText is the text of a problem with a path that is known: without the path, and without what is told of a whole
// volume once.
func ProblemText(err error) string { return problemOf(err).Message }

// problemOf takes the path out of the error's text, where it is the error of a path.
func problemOf(err error) Problem {
	if t, ok := guest.TaintOf(err); ok {
		return Problem{Message: t.Error()}
	}
	if pathErr, ok := err.(*fs.PathError); ok { //nolint:errorlint // a wrapped one has more to say than its path
		return Problem{Path: pathErr.Path, Message: pathErr.Err.Error()}
	}
	return Problem{Message: err.Error()}
}
