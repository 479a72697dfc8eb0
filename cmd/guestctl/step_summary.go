package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/report"
)

const (
	// summaryVariable names the file in which GitHub Actions collects the summary of a step.
	summaryVariable = "GITHUB_STEP_SUMMARY"
	// maxSummary is how many bytes GitHub shows of it; of a larger one it shows nothing.
	maxSummary = 1 << 20
)

// stepSummary is the summary of a step that is appended to.
type stepSummary struct {
	file *os.File
	size int64 // that it has
}

// openSummary opens the summary of this step. It returns nil where there is none, where it is not wanted, and where a report is written
// in its place.
func openSummary(off bool, reports []string) (*stepSummary, error) {
	path := os.Getenv(summaryVariable)
	if path == "" || off || slices.Contains(reports, filepath.Clean(path)) {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644) //nolint:gosec // G302, G703: the runner named it, and reads it
	if err != nil {
		return nil, fmt.Errorf("%s: %w; --no-step-summary does without", summaryVariable, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", summaryVariable, err), f.Close())
	}
	return &stepSummary{f, info.Size()}, nil
}

// write appends the summary of a result: the whole of it where that is not too long, else its head.
func (s *stepSummary) write(r *audit.Result) error {
	var b bytes.Buffer
	head := ""
	if s.size > 0 {
		head = "\n" // what is there may not end its line
	}
	err := report.GateMarkdown(&b, r, true)
	if err == nil && s.size+int64(b.Len()) >= maxSummary {
		b.Reset()
		err = report.GateMarkdown(&b, r, false)
	}
	if err == nil {
		_, err = s.file.WriteString(head + b.String())
	}
	if err = errors.Join(err, s.file.Close()); err != nil {
		return fmt.Errorf("%s: %w", summaryVariable, err)
	}
	return nil
}
