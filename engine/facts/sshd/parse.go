package sshd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxDepth      = 16     // includes below each other, as OpenSSH has it
	maxFiles      = 2000   // read in all
	maxDirectives = 20_000 // of all files
	maxProblems   = 100    // bad lines that are told one by one
	maxLine       = 1 << 16
)

// errRefuses is for a configuration with which the server does not start.
var errRefuses = errors.New("sshd would not start with this configuration")

// directive is one line that sets something.
type directive struct {
	name   string
	value  any
	source facts.Source
	within []*block // Match blocks around it, the outermost first
	line   bool     // from the command line
}

// block is one Match line.
type block struct {
	criteria   string
	conditions []facts.SSHDCondition // none: "all"
	source     facts.Source
	within     []*block // this one last
}

// always reports whether all blocks are "Match all".
func always(within []*block) bool {
	return !slices.ContainsFunc(within, func(b *block) bool { return len(b.conditions) > 0 })
}

// parser reads a configuration with what it includes.
type parser struct {
	s          *facts.Scope
	ctx        context.Context
	version    version
	directives []directive
	matches    []*block
	read       []string // files, by name
	files, bad int
	full       bool // a limit was met
}

// commandLine adds the options that the server is started with.
func (p *parser) commandLine(options []facts.SSHDOption) error {
	for _, o := range options {
		if strings.HasPrefix(o.Key, "-") {
			continue
		}
		args, err := words(o.Value)
		if err == nil {
			err = p.directive(o.Key, args, o.Value, o.Source, nil, true)
		}
		if err != nil {
			p.s.Problem(o.Source.Path, o.Source.Line, err)
			return errRefuses
		}
	}
	return nil
}

// file reads one file. What stands in it is within the given blocks; a Match in it ends with it.
func (p *parser) file(name string, depth int, within []*block) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	if p.files++; p.files > maxFiles {
		p.limit(name, "more than %d files", maxFiles)
		return nil
	}
	if !slices.Contains(p.read, name) {
		p.read = append(p.read, name)
	}
	outer := within
	var includes error
	err := p.s.Lines(name, func(n int, text string) {
		if p.full || includes != nil {
			return
		}
		at := facts.At(name, n, text)
		if len(text) > maxLine {
			p.limit(name, "line %d has %d bytes, want at most %d", n, len(text), maxLine)
			return
		}
		if before, _, nul := strings.Cut(text, "\x00"); nul {
			p.s.Problem(name, n, errors.New("line holds a NUL byte: sshd reads up to there"))
			text = before
		}
		key, tail := keywordOf(text)
		key = strings.ToLower(key)
		if key == "" {
			return
		}
		args, err := words(tail)
		switch {
		case err != nil:
		case key == "match":
			var b *block
			if b, err = matchLine(tail, at); err == nil {
				b.within = append(slices.Clone(outer), b)
				within = b.within
				p.matches = append(p.matches, b)
			}
		case key == "include":
			includes = p.include(args, depth, within)
		default:
			err = p.directive(key, args, tail, at, within, false)
		}
		if err != nil {
			p.refuse(name, n, err)
		}
	})
	switch {
	case err == nil:
		err = includes
	case errors.Is(err, fs.ErrNotExist) && depth > 0: // a link that leads nowhere
		p.s.Problem(name, 0, err)
		err = errRefuses
	}
	if err == nil && depth == 0 && p.bad > 0 {
		err = errRefuses
	}
	return err
}

// refuse records a line that keeps the server from starting.
func (p *parser) refuse(name string, line int, err error) {
	p.s.Problem(name, line, err)
	if p.bad++; p.bad == maxProblems {
		p.limit(name, "more than %d lines with which sshd does not start", maxProblems)
	}
}

func (p *parser) limit(name, format string, args ...any) {
	if !p.full {
		p.full = true
		p.s.Problem(name, 0, binread.Limit(format, args...))
	}
}

// include reads what the patterns match, each pattern's files in the order of their names. A relative pattern is one in
// /etc/ssh, and as in glob(3) a star does not match a dot at the start of a name.
func (p *parser) include(patterns []string, depth int, within []*block) error {
	if depth+1 > maxDepth {
		return fmt.Errorf("more than %d includes below each other: %w", maxDepth, errRefuses)
	}
	for _, pattern := range patterns {
		if !path.IsAbs(pattern) {
			pattern = "/etc/ssh/" + pattern
		}
		for _, name := range p.s.Glob(path.Clean(pattern)) {
			if strings.HasPrefix(path.Base(name), ".") && !strings.HasPrefix(path.Base(pattern), ".") {
				continue
			}
			if err := p.file(name, depth+1, within); err != nil {
				return err
			}
			if p.full {
				return nil
			}
		}
	}
	return nil
}

// directive adds one setting.
func (p *parser) directive(key string, args []string, tail string, at facts.Source, within []*block, line bool) error {
	k, ok := keywords(key)
	switch {
	case !ok:
		return fmt.Errorf("%s is no keyword of sshd: it refuses to start", key)
	case k.form == deprecated:
		return nil
	case len(within) > 0 && !k.match && !always(within):
		return fmt.Errorf("%s may not stand in a Match block: sshd refuses to start", key)
	}
	if p.version.before(k.since) && p.version != (version{}) {
		p.s.Problem(at.Path, at.Line, fmt.Errorf("%s is known to sshd since %s and this is %s: it may refuse to start", key, k.since, p.version))
	}
	value, err := normalise(synonym(key), k, args, tail)
	if err != nil {
		return err
	}
	if len(p.directives) == maxDirectives {
		p.limit(at.Path, "more than %d settings", maxDirectives)
		return nil
	}
	p.directives = append(p.directives, directive{synonym(key), value, at, within, line})
	return nil
}

// criteria are the attributes of a Match line.
var criteria = []string{
	"user", "group", "host", "address", "localaddress", "localport", "rdomain", "invalid-user", "version", "sessiontype", "command",
}

// matchLine reads the attributes and patterns of a Match line.
func matchLine(tail string, at facts.Source) (*block, error) {
	b := &block{criteria: strings.TrimSpace(tail), source: at}
	all := false
	for rest := tail; ; {
		var name string
		if name, rest = keywordOf(rest); name == "" {
			break
		}
		name = strings.ToLower(name)
		if name == "all" && !all && len(b.conditions) == 0 {
			all = true
			continue
		}
		if all {
			return nil, errors.New("'all' cannot be combined with other Match attributes")
		}
		if !slices.Contains(criteria, name) {
			return nil, fmt.Errorf("unsupported Match attribute %s", name)
		}
		c := facts.SSHDCondition{Type: name, Patterns: []string{}}
		if name != "invalid-user" {
			var patterns string
			if patterns, rest = keywordOf(rest); patterns == "" {
				return nil, fmt.Errorf("no patterns after Match attribute %s", name)
			}
			c.Patterns = strings.Split(patterns, ",")
		}
		b.conditions = append(b.conditions, c)
	}
	if !all && len(b.conditions) == 0 {
		return nil, errors.New("one or more attributes required for Match")
	}
	return b, nil
}
