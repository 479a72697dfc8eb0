package policy

import (
	"fmt"
	"strings"
)

// The TOML library says where a syntax error is, and nothing about where a key or an entry of a list stands. The scanner
// finds that out: it walks the same text and keeps the offset of every key, table and list entry. It knows no values and
// is no second parser: a text is first accepted by the library, and where the two disagree the file is refused.

const (
	maxNesting  = 16  // lists and inline tables inside each other
	maxKeyParts = 16  // parts of one dotted key or table name
	maxKeyLen   = 512 // bytes of one part
)

// mark is where one value stands: offsets into the text.
type mark struct {
	key   int // of the last part of its key, or of the entry in a list
	value int
	keys  map[string]*mark // of a table
	items []*mark          // of a list, or of an array of tables
}

func (m *mark) child(name string, off int) *mark {
	if c, ok := m.keys[name]; ok {
		return c
	}
	if m.keys == nil {
		m.keys = map[string]*mark{}
	}
	c := &mark{key: off, value: off}
	m.keys[name] = c
	return c
}

// table returns the mark that keys below m belong to: of an array of tables that is its last table.
func (m *mark) table() *mark {
	if n := len(m.items); n > 0 {
		return m.items[n-1]
	}
	return m
}

// scanError is a text the scanner stops at.
type scanError struct {
	off     int
	message string
	limit   bool // a limit of this package, whatever the library thinks of the text
}

type scanner struct {
	text string
	off  int
	deep int
	root mark
}

// scan returns the positions of all keys and entries of text.
func scan(text string) (root *mark, stop *scanError) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*scanError)
			if !ok {
				panic(r)
			}
			root, stop = nil, e
		}
	}()
	s := &scanner{text: text}
	current := &s.root
	for s.space("\n\r"); s.off < len(s.text); s.space("\n\r") {
		if s.peek() == '[' {
			current = s.header()
		} else {
			s.pair(current)
		}
		s.space("")
		if c := s.peek(); c != '\n' && c != '\r' && s.off < len(s.text) {
			s.fail("want the end of the line, found %q", c)
		}
	}
	return &s.root, nil
}

func (s *scanner) fail(format string, args ...any) {
	panic(&scanError{off: s.off, message: fmt.Sprintf(format, args...)})
}

func (s *scanner) tooMuch(format string, args ...any) {
	panic(&scanError{off: s.off, message: fmt.Sprintf(format, args...), limit: true})
}

// peek returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.off < len(s.text) {
		return s.text[s.off]
	}
	return 0
}

func (s *scanner) accept(want string) bool {
	if strings.HasPrefix(s.text[s.off:], want) {
		s.off += len(want)
		return true
	}
	return false
}

func (s *scanner) want(c string) {
	if !s.accept(c) {
		s.fail("want %q, found %q", c, s.peek())
	}
}

// space skips blanks, comments and the bytes of more.
func (s *scanner) space(more string) {
	for s.off < len(s.text) {
		switch c := s.text[s.off]; {
		case c == ' ' || c == '\t' || strings.IndexByte(more, c) >= 0:
			s.off++
		case c == '#':
			if n := strings.IndexByte(s.text[s.off:], '\n'); n >= 0 {
				s.off += n
			} else {
				s.off = len(s.text)
			}
		default:
			return
		}
	}
}

// header reads [table] or [[table]] and returns where its keys go.
func (s *scanner) header() *mark {
	start := s.off
	end := "]"
	if s.accept("[["); s.off > start {
		end = "]]"
	} else {
		s.want("[")
	}
	parts := s.key()
	s.want(end)
	m := &s.root
	for _, p := range parts[:len(parts)-1] {
		m = m.child(p.name, p.off).table()
	}
	last := parts[len(parts)-1]
	m = m.child(last.name, last.off)
	if end == "]]" {
		m.items = append(m.items, &mark{key: last.off, value: last.off})
	}
	return m.table()
}

// pair reads one "key = value" of the table m.
func (s *scanner) pair(m *mark) {
	parts := s.key()
	s.want("=")
	s.space("")
	value := s.value()
	for _, p := range parts[:len(parts)-1] {
		m = m.child(p.name, p.off).table()
	}
	last := parts[len(parts)-1]
	c := m.child(last.name, last.off)
	c.value, c.keys, c.items = value.value, value.keys, value.items
}

// value reads a value and returns where it and its parts stand.
func (s *scanner) value() *mark {
	m := &mark{key: s.off, value: s.off}
	switch c := s.peek(); c {
	case '"', '\'':
		if quote := strings.Repeat(string(c), 3); s.accept(quote) {
			s.block(quote)
		} else {
			s.line(c)
		}
	case '[':
		s.nest(func() { s.list(m) })
	case '{':
		s.nest(func() { s.inline(m) })
	default:
		for s.off < len(s.text) && strings.IndexByte(",]}#\r\n", s.text[s.off]) < 0 {
			s.off++
		}
		if s.off == m.value {
			s.fail("want a value, found %q", s.peek())
		}
	}
	return m
}

func (s *scanner) nest(read func()) {
	if s.deep++; s.deep > maxNesting {
		s.tooMuch("more than %d lists and tables inside each other", maxNesting)
	}
	s.off++
	read()
	s.deep--
}

func (s *scanner) list(m *mark) {
	for s.space("\n\r"); !s.accept("]"); s.space("\n\r") {
		m.items = append(m.items, s.value())
		s.space("\n\r")
		if !s.accept(",") && s.peek() != ']' {
			s.fail("want a comma or ], found %q", s.peek())
		}
	}
}

func (s *scanner) inline(m *mark) {
	for s.space("\n\r"); !s.accept("}"); s.space("\n\r") {
		s.pair(m)
		s.space("\n\r")
		if !s.accept(",") && s.peek() != '}' {
			s.fail("want a comma or }, found %q", s.peek())
		}
	}
}

// line reads a string that ends on its line.
func (s *scanner) line(quote byte) {
	for s.off++; s.off < len(s.text) && s.text[s.off] != '\n'; s.off++ {
		switch {
		case s.text[s.off] == quote:
			s.off++
			return
		case s.text[s.off] == '\\' && quote == '"':
			s.off++
		}
	}
	s.off = min(s.off, len(s.text))
	s.fail("a string without its end")
}

// block reads a string in three quotes. Up to two quotes may stand before the three that end it.
func (s *scanner) block(quote string) {
	for ; s.off < len(s.text); s.off++ {
		if s.accept(quote) {
			for range 2 {
				s.accept(quote[:1])
			}
			return
		}
		if s.text[s.off] == '\\' && quote[0] == '"' {
			s.off++
		}
	}
	s.off = min(s.off, len(s.text))
	s.fail("a string without its end")
}
