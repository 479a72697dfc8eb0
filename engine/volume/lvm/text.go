package lvm

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxText   = 8 << 20 // bytes of the metadata of one group
	maxValues = 1 << 18 // in it
	maxDepth  = 16      // of its sections; LVM writes four
)

// section is a part of the metadata in braces, or the whole. What is wrong with its fields is kept until err is asked.
type section struct {
	path   string // "vg/logical_volumes/root"
	fields []field
	wrong  error
}

// field is one name with what stands behind it.
type field struct {
	name    string
	value   value
	section *section // not nil for a section
}

type kind uint8

const (
	number kind = iota + 1
	text
	list
	fraction
)

type value struct {
	kind   kind
	number int64
	text   string
	list   []value
}

// parse reads metadata as LVM writes it: names of letters, digits and "+_.-", numbers, strings in double quotes, lists in brackets,
// sections in braces, comments behind "#". A name that stands twice in a section is refused.
func parse(b []byte) (*section, error) {
	if len(b) > maxText {
		return nil, binread.Limit("%d bytes of text, want at most %d", len(b), maxText)
	}
	p := parser{text: bytes.TrimRight(b, "\x00")}
	s, err := p.section("", 0)
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", p.line(), err)
	}
	return s, nil
}

type parser struct {
	text   []byte
	at     int
	values int
}

func (p *parser) line() int { return 1 + bytes.Count(p.text[:min(p.at, len(p.text))], []byte("\n")) }

// peek skips space and comments, and returns the next byte, or 0 at the end.
func (p *parser) peek() byte {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		case '#':
			n := bytes.IndexByte(p.text[p.at:], '\n')
			if n < 0 {
				n = len(p.text) - p.at
			}
			p.at += n
		default:
			return p.text[p.at]
		}
	}
	return 0
}

// section reads fields until the brace that closes it, or until the end of the text where depth is 0.
func (p *parser) section(path string, depth int) (*section, error) {
	if depth > maxDepth {
		return nil, binread.Limit("sections inside each other more than %d deep", maxDepth)
	}
	s := &section{path: path}
	seen := map[string]bool{}
	for {
		c := p.peek()
		switch {
		case c == 0 && p.at >= len(p.text) && depth == 0:
			return s, nil
		case c == 0 && p.at >= len(p.text):
			return nil, binread.Corrupt("%s: the text ends inside of the section", path)
		case c == '}' && depth > 0:
			p.at++
			return s, nil
		}
		f, err := p.field(path, depth)
		if err != nil {
			return nil, err
		}
		if seen[f.name] {
			return nil, binread.Corrupt("%s: %s stands twice", path, f.name)
		}
		seen[f.name] = true
		s.fields = append(s.fields, f)
	}
}

func (p *parser) field(path string, depth int) (field, error) {
	f := field{name: p.name()}
	if f.name == "" {
		return f, binread.Corrupt("%s: %q, want a name", path, p.rest())
	}
	if err := p.count(); err != nil {
		return f, err
	}
	var err error
	switch c := p.peek(); c {
	case '{':
		p.at++
		f.section, err = p.section(strings.TrimPrefix(path+"/"+f.name, "/"), depth+1)
	case '=':
		p.at++
		f.value, err = p.value(depth)
	default:
		err = binread.Corrupt("%q behind %s, want = or {", p.rest(), f.name)
	}
	return f, err
}

// rest is the beginning of what was not read yet, for errors.
func (p *parser) rest() string { return string(p.text[p.at:min(p.at+8, len(p.text))]) }

// count counts a name or a value.
func (p *parser) count() error {
	if p.values++; p.values > maxValues {
		return binread.Limit("more than %d values", maxValues)
	}
	return nil
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("+_.-", c) >= 0
}

func (p *parser) name() string {
	start := p.at
	for p.at < len(p.text) && nameByte(p.text[p.at]) {
		p.at++
	}
	return string(p.text[start:p.at])
}

func (p *parser) value(depth int) (value, error) {
	if err := p.count(); err != nil {
		return value{}, err
	}
	switch c := p.peek(); {
	case c == '"':
		s, err := p.quoted()
		return value{kind: text, text: s}, err
	case c == '[':
		p.at++
		return p.list(depth)
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	return value{}, binread.Corrupt("%q, want a value", p.rest())
}

func (p *parser) number() (value, error) {
	word := p.name()
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return value{kind: number, number: n}, nil
	}
	if _, err := strconv.ParseFloat(word, 64); err != nil || !strings.Contains(word, ".") || strings.Trim(word, "-.0123456789") != "" {
		return value{}, binread.Corrupt("%.40q, want a number of 64 bits", word)
	}
	return value{kind: fraction}, nil
}

func (p *parser) quoted() (string, error) {
	var b []byte
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; c {
		case '"':
			p.at++
			return string(b), nil
		case '\\':
			if p.at++; p.at < len(p.text) {
				b = append(b, p.text[p.at])
			}
		default:
			b = append(b, c)
		}
	}
	return "", binread.Corrupt("the text ends inside of a string")
}

// list reads what follows a bracket. A list inside of a list is refused: LVM writes none.
func (p *parser) list(depth int) (value, error) {
	v := value{kind: list}
	for {
		c := p.peek()
		switch c {
		case ']':
			p.at++
			return v, nil
		case '[':
			return v, binread.Corrupt("a list in a list")
		}
		item, err := p.value(depth)
		if err != nil {
			return v, err
		}
		v.list = append(v.list, item)
		switch c := p.peek(); c {
		case ',':
			p.at++
		case ']':
		default:
			return v, binread.Corrupt("%q in a list, want a comma", p.rest())
		}
	}
}

func (s *section) field(name string) (field, bool) {
	for _, f := range s.fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func (s *section) has(name string) bool {
	_, ok := s.field(name)
	return ok
}

// fault keeps the first thing that is wrong with the section.
func (s *section) fault(format string, args ...any) {
	if s.wrong == nil {
		s.wrong = binread.Corrupt(strings.TrimPrefix(s.path+": ", ": ")+format, args...)
	}
}

// number is the value of a field that has to be there, between least and most.
func (s *section) number(name string, least, most int64) int64 {
	f, _ := s.field(name)
	switch {
	case f.value.kind != number:
		s.fault("no number %s", name)
	case f.value.number < least || f.value.number > most:
		s.fault("%s %d, want %d to %d", name, f.value.number, least, most)
	default:
		return f.value.number
	}
	return least
}

// optional is the value of a field that need not be there.
func (s *section) optional(name string, otherwise, least, most int64) int64 {
	if !s.has(name) {
		return otherwise
	}
	return s.number(name, least, most)
}

// text is the value of a field that has to be there.
func (s *section) text(name string) string {
	f, _ := s.field(name)
	if f.value.kind != text {
		s.fault("no string %s", name)
	}
	return f.value.text
}

// list is the value of a field that has to be there. LVM reads one value as a list of one.
func (s *section) list(name string) []value {
	f, ok := s.field(name)
	switch {
	case !ok || f.section != nil:
		s.fault("no list %s", name)
		return nil
	case f.value.kind != list:
		return []value{f.value}
	}
	return f.value.list
}

// texts is a list of strings.
func (s *section) texts(name string) []string {
	var all []string
	for _, v := range s.list(name) {
		if v.kind != text {
			s.fault("%s: not a list of strings", name)
			return nil
		}
		all = append(all, v.text)
	}
	return all
}

// child is a section in this one; an empty one where it is not there.
func (s *section) child(name string) *section {
	f, ok := s.field(name)
	if ok && f.section == nil {
		s.fault("%s is no section", name)
	}
	if f.section == nil {
		return &section{path: s.path + "/" + name}
	}
	return f.section
}

// sections are the sections in this one, in their order.
func (s *section) sections() []field {
	var all []field
	for _, f := range s.fields {
		if f.section != nil {
			all = append(all, f)
		}
	}
	return all
}
