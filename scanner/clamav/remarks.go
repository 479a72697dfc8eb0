package clamav

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// remarks are the last lines that clamscan said of its troubles.
type remarks struct {
	mu    sync.Mutex
	lines []string
	rest  []byte // a line without its end
}

// Write takes down lines.
func (r *remarks) Write(p []byte) (int, error) {
	for b := p; len(b) > 0; {
		line, after, whole := bytes.Cut(b, []byte("\n"))
		if room := maxLine - len(r.rest); room > 0 {
			r.rest = append(r.rest, line[:min(len(line), room)]...)
		}
		if whole {
			r.note(string(r.rest))
			r.rest = r.rest[:0]
		}
		b = after
	}
	return len(p), nil
}

func (r *remarks) note(line string) {
	if line = strings.TrimSpace(line); line == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf("%.200s", line))
	r.lines = r.lines[max(0, len(r.lines)-maxSaid):]
}

func (r *remarks) last() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}
