package policy

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// Pins are the shortened digests of one baseline file, which can be made whole from the facts of a guest.
type Pins struct {
	src  *source
	mark string // of the byte order, at the start of the file
	List []Pin
}

// Pin is one shortened digest.
type Pin struct {
	Path     string // in the guest
	Written  string // as it stands in the file
	Position finding.Position
	// Status is what Judge found: Pass where Digest, the whole digest, begins as written.
	Status  finding.Status
	Digest  string
	Message string // why there is no Digest

	digest   digest
	from, to int // of the string in the text, with its quotes
}

// ReadPins finds the shortened digests of a file.
func ReadPins(name string) (*Pins, error) {
	text, err := readFile(name, maxSize)
	if err != nil {
		return nil, &Error{File: name, Message: err.Error()}
	}
	src, root, err := parse(name, text)
	if err != nil {
		return nil, err
	}
	p := &Pins{src: src, mark: string(text[:len(text)-len(src.text)])}
	c := &compiler{src: src}
	if f := root.table["files"]; f != nil && f.table["checksums"] != nil {
		for _, path := range f.table["checksums"].keys {
			p.add(c, f.table["checksums"].table[path])
		}
	}
	return p, errors.Join(c.errs...)
}

func (p *Pins) add(c *compiler, n *node) {
	v := n
	if n.table != nil {
		if v = n.table["digest"]; v == nil {
			return
		}
	}
	text := c.text(v)
	if strings.Contains(text, "${") {
		c.fail(v.at, "%s is a digest with a variable in it: write the digest itself", n.path)
		return
	}
	d, ok := c.digest(v)
	if !ok || !d.short || !c.guestPath(n.key, n.name, false) {
		return
	}
	s := &scanner{text: p.src.text, off: v.at}
	s.value()
	p.List = append(p.List, Pin{
		Path: n.name, Written: text, Position: finding.Position{File: p.src.name, Line: p.src.line(v.at)},
		digest: d, from: v.at, to: s.off,
	})
}

// Request returns the facts that Judge needs.
func (p *Pins) Request() facts.Request {
	var r facts.Request
	for i := range p.List {
		r = r.Merge(facts.Request{Files: map[string]facts.FileRequest{
			p.List[i].Path: {Digests: []string{p.List[i].digest.name}},
		}})
	}
	return r
}

// Judge holds the digests against the files of a guest.
func (p *Pins) Judge(doc *facts.Document) {
	for i := range p.List {
		one := &p.List[i]
		if problem := fileProblem(doc, one.Path); problem != "" {
			one.Status, one.Message = finding.Unknown, problem
			continue
		}
		f := file(doc, one.Path)
		o := judgeDigest(one.Path, f, one.digest, "")
		got := strings.ToLower(f.Digests[one.digest.name])
		switch {
		case o.Status == finding.Fail:
			one.Status, one.Message = o.Status, one.Path+": "+o.Message
		case f.Type != "file" || len(got) != one.digest.digits: // so that Text never writes what was not read
			one.Status, one.Message = finding.Unknown, o.Message
		default:
			one.Status, one.Digest = finding.Pass, one.digest.name+":"+got
		}
	}
}

// Text is the file with the whole digests in place of the shortened ones that passed, and nothing else changed.
func (p *Pins) Text() []byte {
	list := slices.Clone(p.List)
	slices.SortFunc(list, func(a, b Pin) int { return a.from - b.from })
	var b bytes.Buffer
	b.WriteString(p.mark)
	done := 0
	for _, one := range list {
		if one.Status != finding.Pass {
			continue
		}
		raw := p.src.text[one.from:one.to]
		whole := strings.Replace(raw, one.Written, one.Digest, 1)
		if whole == raw { // it was written with escapes
			whole = fmt.Sprintf("%q", one.Digest)
		}
		b.WriteString(p.src.text[done:one.from] + whole)
		done = one.to
	}
	b.WriteString(p.src.text[done:])
	return b.Bytes()
}
