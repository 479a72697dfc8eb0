// Package fault says what is wrong in a file that the user wrote, and where: a baseline, a policy, a list of waivers.
// Nothing is judged by a file with a fault.
package fault

import "fmt"

// Error is one thing that is wrong, and where.
type Error struct {
	File       string
	Line       int // from 1; 0 when the file as a whole is meant
	Column     int // in characters, from 1
	Message    string
	Suggestion string // what was probably meant; "" when nothing is near
}

// Error writes "file:line:column: message, did you mean suggestion?".
func (e *Error) Error() string {
	s := e.File
	if e.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d", s, e.Line, e.Column)
	}
	s += ": " + e.Message
	if e.Suggestion != "" {
		s += ", did you mean " + e.Suggestion + "?"
	}
	return s
}
