// Package sudoers collects the domain "sudoers": what sudo lets whom do.
//
// Sources: /etc/sudoers, or /usr/etc/sudoers where the guest has none, with the files and directories that they include
// (sudoers(5) of sudo 1.9). Files that sudo passes over because of their name, owner or mode are told and not read. Rules
// from LDAP or SSSD are not known here, nor are the configurations of doas or of sudo-rs.
package sudoers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	etcPath    = "/etc/sudoers"
	vendorPath = "/usr/etc/sudoers"

	maxDepth      = 128 // includes below each other, as sudo has it
	maxFiles      = 2000
	maxStatements = 50_000
	maxLogical    = 1 << 16 // bytes of one statement
	maxNames      = 200_000 // of all rules, after aliases were replaced
)

// Collector collects the domain "sudoers".
var Collector = facts.New("sudoers", "What sudo allows, and the files it passes over", collect)

func collect(ctx context.Context, s *facts.Scope) (*facts.Sudoers, error) {
	r := reader{ctx: ctx, s: s, out: &facts.Sudoers{
		Ignored: []facts.SudoersIgnored{}, Defaults: map[string]*facts.Value[string]{}, Scoped: []facts.SudoDefault{}, Rules: []facts.SudoRule{},
	}, aliases: map[string]alias{}}
	main := etcPath
	if !s.Exists(main) && s.Exists(vendorPath) {
		main = vendorPath
	}
	if err := r.file(main, 0); err != nil {
		return nil, err
	}
	r.finish()
	for name, value := range map[string]string{"authenticate": "true", "env_reset": "true"} {
		if r.out.Defaults[name] == nil {
			r.out.Defaults[name] = facts.Default(value)
		}
	}
	return r.out, nil
}

// reader reads a configuration with what it includes.
type reader struct {
	ctx        context.Context
	s          *facts.Scope
	out        *facts.Sudoers
	aliases    map[string]alias // by kind and name
	specs      []spec
	scoped     []facts.SudoDefault
	files      int
	statements int
	names      int
	full       bool
}

func (r *reader) limit(name, format string, args ...any) {
	if !r.full {
		r.full = true
		r.s.Problem(name, 0, binread.Limit(format, args...))
	}
}

// file reads one file, if sudo would. Its errors are those that hit the file as a whole.
func (r *reader) file(name string, depth int) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	o, err := r.s.Stat(name)
	if err != nil {
		return err
	}
	if reason := insecure(o, o.IsRegular()); reason != "" {
		r.out.Ignored = append(r.out.Ignored, facts.SudoersIgnored{Path: name, Reason: reason})
		return nil
	}
	if r.files++; r.files > maxFiles {
		r.limit(name, "more than %d files", maxFiles)
		return nil
	}
	l := logical{r: r, name: name}
	err = r.s.Lines(name, func(n int, text string) {
		if text, at, ok := l.add(n, text); ok && !r.full {
			r.statement(text, at, depth)
		}
	})
	if l.first > 0 {
		r.s.Problem(name, l.first, errors.New("the last line is continued and nothing follows"))
	}
	return err
}

// insecure says why sudo does not trust an object, or "" (sudo_secure_path in sudo's secure_path.c).
func insecure(o guest.Object, rightType bool) string {
	switch {
	case !rightType:
		return "type"
	case o.UID != 0:
		return "owner"
	case o.Mode&0o002 != 0, o.Mode&0o020 != 0 && o.GID != 0:
		return "mode"
	}
	return ""
}

// logical joins lines that a backslash continues.
type logical struct {
	r     *reader
	name  string
	text  strings.Builder
	first int // line of the statement; 0: none is open
}

func (l *logical) add(n int, line string) (string, facts.Source, bool) {
	line = strings.TrimRight(line, "\r")
	if strings.Contains(line, "\x00") {
		l.r.s.Problem(l.name, n, errors.New("line holds a NUL byte and is not read"))
		return "", facts.Source{}, false
	}
	line = stripComment(strings.TrimLeft(line, " \t"), l.text.Len() > 0)
	if l.first == 0 {
		l.first = n
	}
	more := strings.HasSuffix(line, `\`) && !strings.HasSuffix(line, `\\`)
	if l.text.Len()+len(line) > maxLogical {
		l.r.limit(l.name, "the statement of line %d has more than %d bytes", l.first, maxLogical)
		return "", facts.Source{}, false
	}
	l.text.WriteString(strings.TrimSuffix(line, `\`))
	if more {
		return "", facts.Source{}, false
	}
	text, at := strings.TrimSpace(l.text.String()), l.first
	l.text.Reset()
	l.first = 0
	return text, facts.At(l.name, at, text), text != ""
}

// stripComment cuts a comment off: # outside of quotes, unless a number follows, which is a uid, or it is one of the old
// spellings of an include.
func stripComment(line string, continued bool) string {
	if !continued && (isInclude(line, "#include") || isInclude(line, "#includedir")) {
		return line
	}
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '#' && !quoted && !isID(line, i):
			return strings.TrimRight(line[:i], " \t")
		}
	}
	return line
}

// isID reports whether the # at i begins the number of a user or a group.
func isID(line string, i int) bool {
	starts := i == 0 || strings.IndexByte(" \t,(:!%=", line[i-1]) >= 0
	rest := strings.TrimPrefix(line[i+1:], "-")
	return starts && rest != "" && '0' <= rest[0] && rest[0] <= '9'
}

func isInclude(line, word string) bool {
	rest, ok := strings.CutPrefix(line, word)
	return ok && rest != "" && (rest[0] == ' ' || rest[0] == '\t')
}

// statement reads one logical line.
func (r *reader) statement(text string, at facts.Source, depth int) {
	if r.statements++; r.statements > maxStatements {
		r.limit(at.Path, "more than %d statements", maxStatements)
		return
	}
	var err error
	switch {
	case isInclude(text, "#include"), isInclude(text, "@include"):
		err = r.include(includePath(text[len("@include"):], at.Path), depth)
	case isInclude(text, "#includedir"), isInclude(text, "@includedir"):
		err = r.includeDir(includePath(text[len("@includedir"):], at.Path), depth)
	case isDefaults(text):
		err = r.defaults(text, at)
	case aliasKind(text) != "":
		err = r.aliasLine(text)
	default:
		err = r.userSpec(text, at)
	}
	if err != nil {
		r.s.Problem(at.Path, at.Line, err)
	}
}

// includePath takes quotes and escapes off; a relative path is one beside the file.
func includePath(text, from string) string {
	text = strings.Trim(strings.TrimSpace(text), `"`)
	text = strings.ReplaceAll(text, `\ `, " ")
	if !path.IsAbs(text) {
		text = path.Join(path.Dir(from), text)
	}
	return path.Clean(text)
}

func (r *reader) include(name string, depth int) error {
	if strings.Contains(name, "%h") {
		return binread.Unsupported("include of %s: the host name in a path is not filled in", name)
	}
	if depth+1 > maxDepth {
		return fmt.Errorf("include of %s: more than %d below each other", name, maxDepth)
	}
	if err := r.file(name, depth+1); err != nil {
		return fmt.Errorf("include of %s: %w", name, err)
	}
	return nil
}

func (r *reader) includeDir(dir string, depth int) error {
	o, err := r.s.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if reason := insecure(o, o.IsDir()); reason != "" {
		r.out.Ignored = append(r.out.Ignored, facts.SudoersIgnored{Path: dir, Reason: reason})
		return nil
	}
	var errs []error
	for _, e := range r.s.ReadDir(dir) {
		reason := ""
		switch {
		case r.full:
			return errors.Join(errs...)
		case e.Type.IsDir():
			continue
		case strings.Contains(e.Name, "."):
			reason = "dot-in-name"
		case strings.HasSuffix(e.Name, "~"):
			reason = "tilde"
		}
		if reason != "" {
			r.out.Ignored = append(r.out.Ignored, facts.SudoersIgnored{Path: dir + "/" + e.Name, Reason: reason})
			continue
		}
		errs = append(errs, r.include(dir+"/"+e.Name, depth))
	}
	return errors.Join(errs...)
}
