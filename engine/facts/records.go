package facts

import (
	"errors"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const maxRecords = 100_000 // lines of one file of records

// Record is one line of a file with fields between colons, such as passwd(5). Its source has no text, which may hold a
// password.
type Record struct {
	Fields []string
	Source Source
}

// NIS reports whether the record takes in, or leaves out, accounts of a network service. It is no account itself.
func (r Record) NIS() bool {
	return strings.HasPrefix(r.Fields[0], "+") || strings.HasPrefix(r.Fields[0], "-")
}

// Field returns the i-th field from 0, or "" when the record is shorter.
func (r Record) Field(i int) string {
	if i >= len(r.Fields) {
		return ""
	}
	return r.Fields[i]
}

// Records returns the records of the file that path leads to, as the C library reads them: blank lines and those whose
// first mark is # are none, and blanks at the start of a line do not count. Errors are those of ReadFile.
func (s *Scope) Records(path string) ([]Record, error) {
	var all []Record
	dropped := 0
	err := s.Lines(path, func(n int, text string) {
		text = strings.TrimLeft(text, " \t\r\v\f")
		switch {
		case text == "" || text[0] == '#':
		case len(all) == maxRecords:
			dropped++
		case strings.Contains(text, "\x00"):
			s.Problem(path, n, errors.New("line holds a NUL byte and is not read"))
		default:
			all = append(all, Record{strings.Split(text, ":"), Source{Path: path, Line: n}})
		}
	})
	if dropped > 0 {
		s.Problem(path, 0, binread.Limit("%d lines, want at most %d", maxRecords+dropped, maxRecords))
	}
	return all, err
}
