package report

import (
	"bytes"
	"io"
	"slices"
)

// lines passes whole lines on. What drops the colours of a terminal behind it reads each piece by itself: half a character, or half a
// colour, at the end of one is spoilt. Every report ends with a line end.
type lines struct {
	w    io.Writer
	rest []byte // of a line
}

func (l *lines) Write(p []byte) (int, error) {
	b := append(l.rest, p...)
	end := bytes.LastIndexByte(b, '\n') + 1
	l.rest = slices.Clone(b[end:])
	if end == 0 {
		return len(p), nil
	}
	_, err := l.w.Write(b[:end])
	return len(p), err
}
