package binread

import (
	"fmt"
	"strings"
)

// maxErrors bounds how many errors of one thing are kept.
const maxErrors = 8

// Errors collects what is wrong while the rest is still read. The zero value is ready.
type Errors struct {
	errs []error
	more int
}

// Add keeps an error; nil is none.
func (e *Errors) Add(err error) {
	switch {
	case err == nil:
	case len(e.errs) == maxErrors:
		e.more++
	default:
		e.errs = append(e.errs, err)
	}
}

// Err is nil when nothing was added.
func (e *Errors) Err() error {
	if len(e.errs) == 0 {
		return nil
	}
	return e
}

// Error is one line.
func (e *Errors) Error() string {
	texts := make([]string, len(e.errs))
	for i, err := range e.errs {
		texts[i] = err.Error()
	}
	text := strings.Join(texts, "; ")
	if e.more > 0 {
		text += fmt.Sprintf("; and %d more", e.more)
	}
	return text
}

// Unwrap lets errors.Is find every kind.
func (e *Errors) Unwrap() []error { return e.errs }
