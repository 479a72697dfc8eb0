package binread

import (
	"fmt"
	"strings"
)

// maxErrors bounds how many errors of one thing are kept.
const maxErrors = 8

// Errors collects what is wrong while the rest is still read. The zero value is ready.
type Errors struct {
	found collectedError
}

// Add keeps an error; nil is none.
func (e *Errors) Add(err error) {
	switch {
	case err == nil:
	case len(e.found.errs) == maxErrors:
		e.found.more++
	default:
		e.found.errs = append(e.found.errs, err)
	}
}

// Err is nil when nothing was added. It is of every kind that was.
func (e *Errors) Err() error {
	if len(e.found.errs) == 0 {
		return nil
	}
	return &e.found
}

type collectedError struct {
	errs []error
	more int
}

// Error is one line.
func (e *collectedError) Error() string {
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

func (e *collectedError) Unwrap() []error { return e.errs }
