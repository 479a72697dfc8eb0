package packages

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const world = "/etc/apk/world"

// apkDatabases are where apk keeps its database: of all versions, and since Alpine 3.23 with a merged /usr.
var apkDatabases = []string{"/lib/apk/db/installed", "/usr/lib/apk/db/installed"}

func apk(ctx context.Context, s *facts.Scope) (*facts.Packages, string, error) {
	for _, path := range apkDatabases {
		b, err := s.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, path, err
		}
		p := newPackages("apk")
		r := apkReader{ctx: ctx, path: path, packages: p, problem: func(n int, err error) { s.Problem(path, n, err) }}
		if err := r.read(string(b)); err != nil {
			return nil, path, err
		}
		apkWorld(s, p)
		return p, path, nil
	}
	return nil, apkDatabases[0], fs.ErrNotExist
}

// apkReader reads the records of lib/apk/db/installed: lines of a letter, a colon and a value, and a blank line behind each
// record (apk-package(5) names the letters' fields).
type apkReader struct {
	ctx      context.Context // of one call
	path     string
	packages *facts.Packages
	problem  func(line int, err error)

	now      facts.Package
	start    int // line of the record; 0 between records
	provides int
	problems int
}

func (r *apkReader) read(text string) error {
	n := 0
	for len(text) > 0 {
		n++
		line, rest, whole := strings.Cut(text, "\n")
		text = rest
		if n%10_000 == 0 && r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		if !whole {
			r.report(n, binread.Corrupt("file ends in the middle of a line"))
		}
		if err := r.line(n, line); err != nil {
			return err
		}
		if r.problems > maxProblems {
			return binread.Corrupt("%s: more than %d records are damaged", r.path, maxProblems)
		}
	}
	if r.start != 0 {
		r.report(n, binread.Corrupt("last record has no blank line after it: the file may be cut"))
	}
	return r.end()
}

func (r *apkReader) report(line int, err error) {
	r.problems++
	r.problem(line, err)
}

func (r *apkReader) line(n int, line string) error {
	if line == "" {
		return r.end()
	}
	if r.start == 0 {
		r.start, r.now = n, facts.Package{State: "installed", Source: facts.Source{Path: r.path, Line: n}}
	}
	if len(line) < 2 || line[1] != ':' {
		r.report(n, binread.Corrupt("line is no field: %.40q", line))
		return nil
	}
	value := line[2:]
	if len(value) > maxLine {
		return binread.Limit("%s: line %d has %d bytes, want at most %d", r.path, n, len(line), maxLine)
	}
	switch line[0] {
	case 'P':
		if r.now.Name != "" {
			r.report(n, binread.Corrupt("second name in one record"))
			return nil
		}
		r.now.Name = value
		r.now.Source.Line, r.now.Source.Text = n, line
	case 'V':
		r.now.Version = value
	case 'A':
		r.now.Arch = value
	case 'o':
		r.now.SourceName = value
	case 'f':
		r.now.State = "broken" // of its files, scripts or attributes not all came in place
		r.now.Error = value
	case 'p':
		return r.provided(value)
	}
	return nil
}

func (r *apkReader) provided(value string) error {
	for item := range strings.FieldsSeq(value) {
		name, v := apkDependency(item)
		r.now.Provides = append(r.now.Provides, facts.Provide{Name: name, Version: strings.TrimLeft(v, "<>=~")})
		if r.provides++; r.provides > maxProvides {
			return fmt.Errorf("%s: %w", r.path, binread.Limit("more than %d virtual packages", maxProvides))
		}
	}
	return nil
}

// apkDependency takes "so:libz.so.1=1.3.1" and "nginx~1.26" apart; the second part begins with its operator.
func apkDependency(s string) (name, constraint string) {
	if i := strings.IndexAny(s, "<>=~"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func (r *apkReader) end() error {
	if r.start == 0 {
		return nil
	}
	start := r.start
	r.start = 0
	switch {
	case r.now.Name == "":
		r.report(start, binread.Corrupt("record has no name (P:)"))
		return nil
	case r.now.Version == "":
		r.report(start, binread.Corrupt("record of %.60q has no version (V:)", r.now.Name))
	case len(r.packages.Installed[r.now.Name]) > 0:
		r.report(start, binread.Corrupt("second record of %.60q", r.now.Name))
	}
	if r.packages.Count >= maxRecords {
		return binread.Limit("%s: more than %d packages", r.path, maxRecords)
	}
	add(r.packages, r.now)
	return nil
}

// apkWorld adds what the world file says (apk-world(5)): a package that it does not name is there for another one, and one
// that it names with a version is held.
func apkWorld(s *facts.Scope, p *facts.Packages) {
	wanted := map[string]facts.Source{}
	held := map[string]bool{}
	err := s.Lines(world, func(n int, text string) {
		for item := range strings.FieldsSeq(text) {
			if strings.HasPrefix(item, "#") {
				break
			}
			item, _, _ = strings.Cut(item, "@") // the repository to take it from
			name, constraint := apkDependency(item)
			wanted[name] = facts.Source{Path: world, Line: n, Text: item}
			held[name] = strings.ContainsAny(constraint, "<=~")
		}
	})
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.Problem(world, 0, err)
		}
		return
	}
	for name, entries := range p.Installed {
		for i := range entries {
			source, named := wanted[name]
			auto := !named
			entries[i].Auto = &auto
			if held[name] {
				entries[i].Held, entries[i].HeldBy = true, &source
			}
		}
	}
}
