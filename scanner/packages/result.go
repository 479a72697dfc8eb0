package packages

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/finding"
)

// Result is what the files of a guest came to.
type Result struct {
	Managers    []string
	Differences []Difference // by path and kind
	More        int          // differences that are only counted
	Unread      []Unread     // what could not be judged; without it the result is whole
	Stats       Stats
	Notes       []string // what the result rests on
}

// Difference is one way in which a file is not as its package has it, or a file that no package has.
type Difference struct {
	Kind Kind
	Role Role
	// File is what the package says, of which only Path is set where no package says anything.
	shipped.File
	Object           guest.Object // zero where there is none
	Expected, Actual string
	Severity         finding.Severity
}

// Unread is something that could not be judged.
type Unread struct{ Path, Cause string }

// Stats counts what was judged.
type Stats struct {
	Files     int   // paths that packages own
	Verified  int   // regular files whose content is as shipped
	Bytes     int64 // that they have
	NoDigest  int   // regular files of which the database has no digest
	LeftOut   int   // files that are not there and need not be
	Config    int   // configuration files that were changed or removed, where that is allowed
	Different int   // differences of files of packages
	Unowned   int   // files that no package owns
	Database  int   // signs that a database was changed
	Generated int   // compiled Python beside its packaged source
	Local     int   // programs and libraries below /usr/local and /opt
	Ignored   int   // differences that the user does not want to hear of
	Unread    int
}

func (s *Stats) add(o Stats) {
	s.Files += o.Files
	s.Verified += o.Verified
	s.Bytes += o.Bytes
	s.NoDigest += o.NoDigest
	s.Config += o.Config
}

func (s *Stats) count(d Difference) {
	switch d.Kind {
	case Unowned:
		s.Unowned++
	case Database:
		s.Database++
	default:
		s.Different++
	}
}

// Whole reports whether everything that packages own could be judged.
func (r *Result) Whole() bool { return len(r.Unread) == 0 && len(r.Managers) > 0 && r.More == 0 }

// Summary says in a line what was judged.
func (r *Result) Summary() string {
	if len(r.Managers) == 0 {
		return "the guest has no package database"
	}
	s := r.Stats
	text := fmt.Sprintf("%d files of packages: %d hashed and as shipped, %d different; %d unowned", s.Files, s.Verified, s.Different, s.Unowned)
	for _, more := range []struct {
		n    int
		text string
	}{
		{s.Config, "changed configuration files allowed"},
		{s.LeftOut, "left out"},
		{s.Ignored, "ignored"},
		{s.Unread, "not readable"},
		{r.More, "more than are listed"},
	} {
		if more.n > 0 {
			text += fmt.Sprintf(", %d %s", more.n, more.text)
		}
	}
	return text
}

const maxNamed = 5 // paths in a note

// notes say what the result rests on, and what would escape it.
func (r *Result) notes(v *verifier) {
	note := func(format string, args ...any) { r.Notes = append(r.Notes, fmt.Sprintf(format, args...)) }
	if len(r.Managers) > 0 {
		note("the database (%s) lies in the guest and nothing there vouches for it: who can write to it can hide a change", strings.Join(r.Managers, ", "))
	}
	if slices.Contains(r.Managers, "dpkg") {
		note("dpkg keeps MD5 digests, which content can be made to fit, and no links, modes or owners: of these, only what dpkg-statoverride registered is judged")
	}
	if n := r.Stats.Generated; n > 0 {
		note("%d compiled Python files beside their packaged sources were made on the machine; Python runs them by the time and size of the source, whatever is in them", n)
	}
	if n := r.Stats.Local; n > 0 && !v.Local {
		note("%d programs and libraries below /usr/local and /opt, where no package is expected, are not listed", n)
	}
	if len(v.rewritten) > 0 {
		slices.Sort(v.rewritten)
		note("with the digest of their package, and written later than it was unpacked: %s", some(v.rewritten))
	}
}

// some names the first of many paths.
func some(paths []string) string {
	if len(paths) <= maxNamed {
		return strings.Join(paths, ", ")
	}
	return strings.Join(paths[:maxNamed], ", ") + fmt.Sprintf(" and %d more", len(paths)-maxNamed)
}
