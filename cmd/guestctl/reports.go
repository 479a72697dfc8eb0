package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/internal/nearest"
	"github.com/guestctl/guestctl/report"
	"github.com/guestctl/guestctl/rules/frameworks"
)

// reportFile is a file that will be written beside stdout, such as a report. It is a temporary file until it is complete, so that
// nobody ever reads half of one.
type reportFile struct {
	what  string // it is, for messages, such as evidenceFile
	path  string
	temp  *os.File
	write func(w io.Writer, r *audit.Result) error
}

// What is written beside reports.
const (
	evidenceFile = "evidence"
	factsFile    = "facts"
)

type reportFiles []reportFile

// paths are the files by their names.
func (files reportFiles) paths() []string {
	var paths []string
	for _, f := range files {
		paths = append(paths, f.path)
	}
	return paths
}

// openReports creates the temporary files now, so that a path that cannot be written is known before any work is done.
func openReports(specs []string) (files reportFiles, err error) {
	defer func() {
		if err != nil {
			files.discard()
		}
	}()
	for _, spec := range specs {
		name, path, ok := strings.Cut(spec, "=")
		if !ok || path == "" {
			return files, fmt.Errorf("--report %q, want FORMAT=FILE with FORMAT one of %s", spec, strings.Join(report.Names(), ", "))
		}
		format, err := report.Find(name)
		if err == nil {
			err = files.open("report", path, func(w io.Writer, r *audit.Result) error { return format.Write(plain(w), r) })
		}
		if err != nil {
			return files, fmt.Errorf("--report %s: %w", spec, err)
		}
	}
	return files, nil
}

// open adds a file.
func (files *reportFiles) open(what, path string, write func(io.Writer, *audit.Result) error) error {
	path = filepath.Clean(path)
	if slices.ContainsFunc(*files, func(f reportFile) bool { return f.path == path }) {
		return fmt.Errorf("%s is named twice", path)
	}
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return errors.New("is a directory, want a file")
	}
	temp, err := createBeside(path)
	if err != nil {
		return err
	}
	*files = append(*files, reportFile{what, path, temp, write})
	return nil
}

// discard removes what was not completed.
func (files reportFiles) discard() {
	for _, f := range files {
		_ = f.temp.Close() // closed before, when the report was completed
		remove(f.temp.Name())
	}
}

// writeReports writes all files before any of them gets its name, and then the report on w.
func writeReports(w io.Writer, format report.Format, files reportFiles, r *audit.Result) error {
	for _, f := range files {
		err := f.write(f.temp, r)
		if err = errors.Join(err, complete(f.temp)); err != nil {
			return fmt.Errorf("%s %s: %w", f.what, f.path, err)
		}
	}
	if err := files.publish(); err != nil {
		return err
	}
	return format.Write(w, r)
}

// publish gives all files their names, or none: when one cannot have its name, those before it are taken back, and what was
// there before them is there again.
func (files reportFiles) publish() error {
	for i, f := range files {
		err := f.replace()
		if err == nil {
			continue
		}
		err = fmt.Errorf("%s %s: %w; no report was written", f.what, f.path, err)
		for _, done := range slices.Backward(files[:i]) {
			err = errors.Join(err, done.restore())
		}
		return err
	}
	for _, f := range files {
		remove(f.backup())
	}
	return nil
}

// backup is the name of what stood in the place of the report.
func (f reportFile) backup() string { return f.temp.Name() + ".old" }

func (f reportFile) replace() error {
	// A second name keeps the old file without a moment in which there is none. Where a file system has no such names, the
	// old file cannot be brought back, which is no reason not to write the report.
	_ = os.Link(f.path, f.backup())
	if err := os.Rename(f.temp.Name(), f.path); err != nil {
		remove(f.backup())
		return err
	}
	return nil
}

func (f reportFile) restore() error {
	err := os.Rename(f.backup(), f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return os.Remove(f.path)
	}
	return err
}

// checkFrameworks refuses keys that no framework has.
func checkFrameworks(keys []string) error {
	for _, key := range keys {
		if slices.Contains(frameworks.Keys(), key) {
			continue
		}
		err := fmt.Errorf("--framework: no framework %q, want one of %s", key, strings.Join(frameworks.Keys(), ", "))
		if near := nearest.Word(key, frameworks.Keys()); near != "" {
			err = fmt.Errorf("%w; did you mean %s?", err, near)
		}
		return err
	}
	return nil
}

// createBeside makes a temporary file in the folder of path. An error is about the folder: the name of the file is by chance.
func createBeside(path string) (*os.File, error) {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		wrapped.Path = filepath.Dir(path)
	}
	return temp, err
}

// complete closes a temporary file that has all its bytes.
func complete(temp *os.File) error {
	// CreateTemp makes files private; this one is read by others, such as the next step of a pipeline.
	return errors.Join(temp.Chmod(0o644), temp.Close())
}

// finish gives a temporary file that is complete its name.
func finish(temp *os.File, path string) error {
	if err := complete(temp); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
