package policy

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/guestctl/guestctl/internal/fault"
)

// Error is one thing that is wrong in a baseline or a policy, and where. Nothing is judged by a file with an error.
type Error = fault.Error

// Warning is something in a baseline that works and is probably not what its author wants.
type Warning struct {
	File    string
	Line    int
	Message string
}

// String writes "file:line: message".
func (w Warning) String() string { return fmt.Sprintf("%s:%d: %s", w.File, w.Line, w.Message) }

// source is the text of one baseline file, which turns offsets into positions.
type source struct {
	name  string
	text  string
	lines []int // offset of the first byte of each line
}

func newSource(name, text string) *source {
	s := &source{name: name, text: text, lines: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// line returns the line, from 1, that the byte at off stands on.
func (s *source) line(off int) int { return sort.SearchInts(s.lines, off+1) }

func (s *source) errorf(off int, format string, args ...any) *Error {
	off = min(max(off, 0), len(s.text))
	line := s.line(off)
	column := 1 + utf8.RuneCountInString(s.text[s.lines[line-1]:off])
	return &Error{File: s.name, Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
}

func (s *source) warnf(off int, format string, args ...any) Warning {
	return Warning{s.name, s.line(off), fmt.Sprintf(format, args...)}
}

// listed joins words for a message: "a, b or c".
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
