package packages

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxRecords  = 200_000 // Debian has some 65,000 packages in all
	maxProvides = 1_000_000
	maxProblems = 100
	maxLine     = 1 << 20 // bytes of a field this package keeps
)

// kind is which of dpkg's files a record stands in.
type kind int

const (
	whole  kind = iota // status, the database itself
	part               // status.d: one package per file, installed although no Status says so
	update             // updates: newer than the others
)

// The words of a Status field (dpkg-query(1), --showformat, db:Status-*).
var (
	wants  = words("unknown", "install", "hold", "deinstall", "purge")
	flags  = words("ok", "reinstreq")
	states = words("not-installed", "config-files", "half-installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending", "installed")
)

func words(list ...string) map[string]string {
	m := map[string]string{}
	for _, w := range list {
		m[w] = w
	}
	return m
}

// parser reads the paragraphs of one file.
type parser struct {
	db      *database
	path    string
	kind    kind
	problem func(line int, err error)

	now      record
	start    int             // line of the paragraph; 0 between paragraphs
	fields   map[string]bool // of this paragraph
	provides []byte
	folded   bool // the field at hand is Provides, and lines that continue it count
}

func (p *parser) parse(ctx context.Context, b []byte) error {
	n := 0
	cut := len(b) > 0 && b[len(b)-1] != '\n'
	for len(b) > 0 {
		n++
		line, rest, _ := bytes.Cut(b, []byte{'\n'})
		b = rest
		if n%10_000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := p.line(n, line); err != nil {
			return err
		}
		if p.db.problems > maxProblems {
			return binread.Corrupt("%s: more than %d records are damaged", p.path, maxProblems)
		}
	}
	if cut && p.kind != part {
		p.report(n, binread.Corrupt("file ends in the middle of a line"))
	} else if p.start != 0 && p.kind == whole {
		p.report(n, binread.Corrupt("last record has no blank line after it: the file may be cut"))
	}
	return p.end()
}

func (p *parser) report(line int, err error) {
	p.db.problems++
	p.problem(line, err)
}

// line reads one line; n counts from 1.
func (p *parser) line(n int, line []byte) error {
	if len(bytes.TrimSpace(line)) == 0 {
		return p.end()
	}
	if line[0] == ' ' || line[0] == '\t' {
		if p.folded {
			return p.provide(line)
		}
		if p.start == 0 {
			p.report(n, binread.Corrupt("line continues no field"))
		}
		return nil
	}
	if p.start == 0 {
		p.begin(n)
	}
	p.folded = false
	name, value, ok := bytes.Cut(line, []byte{':'})
	if !ok {
		p.report(n, binread.Corrupt("line is no field: %.40q", line))
		return nil
	}
	return p.field(n, name, line, bytes.TrimSpace(value))
}

func (p *parser) begin(n int) {
	p.start, p.fields, p.provides = n, map[string]bool{}, p.provides[:0]
	p.now = record{kind: p.kind, Package: facts.Package{Source: facts.Source{Path: p.path, Line: n}}}
}

// kept are the fields that are read, in lower case: dpkg takes any.
var kept = map[string]string{
	"package": "package", "status": "status", "architecture": "architecture", "version": "version",
	"source": "source", "provides": "provides",
}

func (p *parser) field(n int, name, line, value []byte) error {
	if len(name) > len("architecture") {
		return nil
	}
	field, ok := kept[string(bytes.ToLower(name))]
	if !ok {
		return nil
	}
	if len(line) > maxLine {
		return binread.Limit("%s: line %d has %d bytes, want at most %d", p.path, n, len(line), maxLine)
	}
	if p.fields[field] {
		p.report(n, binread.Corrupt("second %s field in one record", name))
		return nil
	}
	p.fields[field] = true
	switch field {
	case "package":
		p.now.Name = string(value)
		p.now.Source.Line, p.now.Source.Text = n, string(line)
	case "status":
		p.status(n, string(value))
	case "architecture":
		p.now.Arch = string(value)
	case "version":
		p.now.Version = string(value)
	case "source": // "name" or "name (version)"
		p.now.SourceName, _, _ = strings.Cut(string(value), " ")
	case "provides":
		p.folded = true
		return p.provide(value)
	}
	return nil
}

// status reads "want error state". A word dpkg does not know is kept, as a problem.
func (p *parser) status(n int, value string) {
	fields := strings.Fields(value)
	if len(fields) != 3 {
		p.report(n, binread.Corrupt("status %.60q has %d words, want 3", value, len(fields)))
		p.now.State = "unknown"
		return
	}
	for i, known := range []map[string]string{wants, flags, states} {
		if w, ok := known[fields[i]]; ok {
			fields[i] = w
		} else {
			p.report(n, binread.Corrupt("status %.60q: %.20q is no word of dpkg", value, fields[i]))
		}
	}
	p.now.Want, p.now.Error, p.now.State = fields[0], fields[1], fields[2]
	p.now.Held = p.now.Want == "hold"
}

func (p *parser) provide(value []byte) error {
	if len(p.provides)+len(value) > maxLine {
		return binread.Limit("%s: record at line %d provides more than %d bytes of names", p.path, p.start, maxLine)
	}
	p.provides = append(p.provides, value...)
	return nil
}

// end closes the paragraph at hand.
func (p *parser) end() error {
	if p.start == 0 {
		return nil
	}
	start, r := p.start, p.now
	p.start, p.folded = 0, false
	if p.kind == part && !p.fields["status"] {
		r.State = "installed"
	}
	switch {
	case r.Name == "":
		p.report(start, binread.Corrupt("record has no Package field"))
		return nil
	case r.State == "":
		p.report(start, binread.Corrupt("record of %.60q has no state", r.Name))
		r.State = "unknown"
	case r.Version == "" && (r.State == "installed" || r.State == "unpacked"):
		p.report(start, binread.Corrupt("record of %.60q has no Version field", r.Name))
	}
	if r.SourceName == "" {
		r.SourceName = r.Name // deb-control(5): left out when both are the same
	}
	if err := p.provided(&r); err != nil {
		return err
	}
	if p.db.add(r) {
		p.report(start, binread.Corrupt("second record of %.60q, architecture %.20q", r.Name, r.Arch))
	}
	if len(p.db.records) > maxRecords {
		return binread.Limit("%s: more than %d packages", p.path, maxRecords)
	}
	return nil
}

// provided reads "mail-transport-agent, default-mta (= 1.2)".
func (p *parser) provided(r *record) error {
	for item := range strings.SplitSeq(string(p.provides), ",") {
		name, relation, _ := strings.Cut(strings.TrimSpace(item), "(")
		name, _, _ = strings.Cut(strings.TrimSpace(name), ":") // an architecture
		if name == "" {
			continue
		}
		version := strings.TrimSpace(strings.TrimPrefix(strings.TrimSuffix(strings.TrimSpace(relation), ")"), "="))
		r.Provides = append(r.Provides, facts.Provide{Name: name, Version: version})
		if p.db.provides++; p.db.provides > maxProvides {
			return fmt.Errorf("%s: %w", p.path, binread.Limit("more than %d virtual packages", maxProvides))
		}
	}
	return nil
}
