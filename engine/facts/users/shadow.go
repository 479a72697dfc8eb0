package users

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/guestctl/guestctl/engine/facts"
)

const shadowPath = "/etc/shadow"

// shadowFile has the first line of each name, which is the one in force.
type shadowFile map[string]*facts.Shadowed

// readShadow returns what /etc/shadow holds: nothing when the guest has none, nil when it could not be read.
func readShadow(s *facts.Scope) (shadowFile, error) {
	records, err := s.Records(shadowPath)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file := shadowFile{}
	for _, r := range records {
		if r.NIS() {
			continue
		}
		if first, ok := file[r.Fields[0]]; ok {
			first.Lines++
			continue
		}
		line, err := parseShadow(r)
		if err != nil {
			s.Problem(shadowPath, r.Source.Line, err)
		}
		file[r.Fields[0]] = line
	}
	return file, nil
}

func (f shadowFile) of(name string) *facts.Shadowed {
	if line, ok := f[name]; ok {
		return line
	}
	return &facts.Shadowed{State: facts.PasswordMissing}
}

// parseShadow reads one line. What is wrong with it comes as an error beside what could be read.
func parseShadow(r facts.Record) (*facts.Shadowed, error) {
	line := &facts.Shadowed{Lines: 1, Source: &r.Source}
	line.State, line.Algorithm = facts.PasswordState(r.Field(1))
	if len(r.Fields) < 2 {
		line.State = facts.PasswordMissing
	}
	var errs []error
	if len(r.Fields) != 9 {
		errs = append(errs, fmt.Errorf("line has %d fields, want 9", len(r.Fields)))
	}
	for i, field := range []struct {
		name string
		day  **int64
	}{
		{"last change", &line.LastChange},
		{"minimum age", &line.Min},
		{"maximum age", &line.Max},
		{"warning", &line.Warn},
		{"inactivity", &line.Inactive},
		{"expiry", &line.Expire},
	} {
		text := r.Field(i + 2)
		if text == "" {
			continue
		}
		days, err := strconv.ParseUint(text, 10, 32)
		if err != nil { // the C library drops the whole line then: no password fits
			errs = append(errs, fmt.Errorf("%s of %q is no number of days", field.name, r.Fields[0]))
			continue
		}
		n := int64(days)
		*field.day = &n
	}
	return line, errors.Join(errs...)
}
