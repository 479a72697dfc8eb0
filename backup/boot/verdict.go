package boot

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/finding"
)

const (
	maxTold  = 5  // reasons of one kind that are told
	maxWhere = 20 // places of one link
)

// verdict collects what a link rests on. The worst of what it was told is the link's status; told nothing, it is unknown.
type verdict struct {
	good, bad, doubts []string
	notes             []string
	where             []finding.Location
	fix               string
	// absent is set when what later links look at is not there.
	absent bool
}

func (v *verdict) holds(format string, args ...any) {
	v.good = append(v.good, fmt.Sprintf(format, args...))
}

func (v *verdict) note(format string, args ...any) {
	v.notes = append(v.notes, fmt.Sprintf(format, args...))
}

// fail says what is wrong with the file at path; "" is none.
func (v *verdict) fail(path, format string, args ...any) {
	v.failAt(finding.Location{Path: path}, format, args...)
}

func (v *verdict) failAt(at finding.Location, format string, args ...any) {
	v.bad = append(v.bad, about(at, format, args))
	v.place(at)
}

// unknown says what could not be told of the file at path; "" is none.
func (v *verdict) unknown(path, format string, args ...any) {
	v.unknownAt(finding.Location{Path: path}, format, args...)
}

func (v *verdict) unknownAt(at finding.Location, format string, args ...any) {
	v.doubts = append(v.doubts, about(at, format, args))
	v.place(at)
}

// unread says why path was not read: one that is not there fails, and of any other nothing is known.
func (v *verdict) unread(path string, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		v.fail(path, "does not exist")
		return
	}
	v.unknown(path, "not read: %v", err)
}

func about(at finding.Location, format string, args []any) string {
	text := fmt.Sprintf(format, args...)
	switch {
	case at.Path == "":
		return text
	case at.Line > 0:
		return fmt.Sprintf("%s:%d: %s", at.Path, at.Line, text)
	}
	return at.Path + ": " + text
}

func (v *verdict) place(at finding.Location) {
	if at.Path == "" || len(v.where) == maxWhere {
		return
	}
	for _, w := range v.where {
		if w.Path == at.Path && w.Line == at.Line {
			return
		}
	}
	v.where = append(v.where, at)
}

// repair keeps the first fix.
func (v *verdict) repair(format string, args ...any) {
	if v.fix == "" {
		v.fix = fmt.Sprintf(format, args...)
	}
}

func (v *verdict) empty() bool { return len(v.good)+len(v.bad)+len(v.doubts) == 0 }

func (v *verdict) ok() bool { return len(v.bad)+len(v.doubts) == 0 }

func (v *verdict) link(l link) Link {
	out := Link{
		ID: prefix + l.id, Title: l.title, Expected: l.expected, Where: []finding.Location{}, Notes: v.notes, absent: v.absent,
	}
	out.Where = append(out.Where, v.where...)
	switch {
	case len(v.bad) > 0:
		out.Status, out.Actual, out.Fix = finding.Fail, some(v.bad), v.fix
		out.Notes = append(out.Notes, v.doubts...)
	case len(v.doubts) > 0:
		out.Status, out.Actual = finding.Unknown, some(v.doubts)
	case len(v.good) > 0:
		out.Status, out.Actual = finding.Pass, strings.Join(v.good, "; ")
	default:
		out.Status, out.Actual = finding.Unknown, "nothing was looked at"
	}
	out.Message = out.Actual
	return out
}

// some joins the first of many reasons.
func some(reasons []string) string {
	if n := len(reasons) - maxTold; n > 0 {
		return strings.Join(reasons[:maxTold], "; ") + fmt.Sprintf("; and %d more", n)
	}
	return strings.Join(reasons, "; ")
}
