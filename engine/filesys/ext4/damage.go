package ext4

import (
	"fmt"
	"strings"
)

// maxDamage bounds how many errors of one directory are kept.
const maxDamage = 8

// damage collects what is wrong while the rest is still read. The zero value is ready.
type damage struct {
	errs []error
	more int
}

func (d *damage) add(err error) {
	switch {
	case err == nil:
	case len(d.errs) == maxDamage:
		d.more++
	default:
		d.errs = append(d.errs, err)
	}
}

// err is nil when nothing was added.
func (d *damage) err() error {
	if len(d.errs) == 0 {
		return nil
	}
	return d
}

// Error is one line.
func (d *damage) Error() string {
	texts := make([]string, len(d.errs))
	for i, err := range d.errs {
		texts[i] = err.Error()
	}
	text := strings.Join(texts, "; ")
	if d.more > 0 {
		text += fmt.Sprintf("; and %d more", d.more)
	}
	return text
}

// Unwrap lets errors.Is find every kind.
func (d *damage) Unwrap() []error { return d.errs }
