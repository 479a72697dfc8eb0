package users

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

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
		line, err := parseShadow(r)
		if err != nil { // for the C library there is no such line, and so for everybody who asks it
			s.Ignored(shadowPath, r.Source.Line, err)
			continue
		}
		if first, ok := file[r.Fields[0]]; ok {
			first.Lines++
			continue
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

// parseShadow reads one line. A line that the C library drops is an error: for it there is none, and where passwd has no
// x the password field there counts.
func parseShadow(r facts.Record) (*facts.Shadowed, error) {
	line := &facts.Shadowed{Lines: 1, Source: &r.Source}
	line.State, line.Algorithm = facts.PasswordState(r.Field(1))
	n := len(r.Fields)
	switch last := r.Field(n - 1); {
	case n == 9, n == 8 && last != "":
	case n == 5 && last != "", n == 6 && last == "": // as old files have it
	default:
		return nil, fmt.Errorf("line has %d fields, want 9", n)
	}
	var flag *int64
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
		{"last field", &flag},
	} {
		text := strings.TrimPrefix(strings.TrimLeft(r.Field(i+2), " \t\r\v\f"), "+")
		if r.Field(i+2) == "" {
			continue
		}
		days, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%s of %q is no number of days", field.name, r.Fields[0])
		}
		n := int64(days)
		*field.day = &n
	}
	return line, nil
}
