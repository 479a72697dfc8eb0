package policy

import (
	"strings"

	"github.com/BurntSushi/toml"
)

type part struct {
	name string
	off  int
}

// key reads a dotted key with the blanks around it.
func (s *scanner) key() []part {
	var parts []part
	for {
		s.blanks()
		parts = append(parts, part{off: s.off})
		p := &parts[len(parts)-1]
		switch s.peek() {
		case '"', '\'':
			p.name = s.quotedKey()
		default:
			for strings.IndexByte(bareKey, s.peek()) >= 0 && s.off < len(s.text) {
				s.off++
			}
			if p.name = s.text[p.off:s.off]; p.name == "" {
				s.fail("want a key, found %q", s.peek())
			}
		}
		if s.off-p.off > maxKeyLen {
			s.tooMuch("a key of more than %d bytes", maxKeyLen)
		}
		if len(parts) > maxKeyParts {
			s.tooMuch("a key of more than %d parts", maxKeyParts)
		}
		s.blanks()
		if !s.accept(".") {
			return parts
		}
	}
}

const bareKey = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

func (s *scanner) blanks() {
	for s.peek() == ' ' || s.peek() == '\t' {
		s.off++
	}
}

// quotedKey reads a key in quotes. The library decodes the escapes.
func (s *scanner) quotedKey() string {
	start := s.off
	s.line(s.peek())
	raw := s.text[start:s.off]
	if !strings.Contains(raw, `\`) || raw[0] == '\'' {
		return raw[1 : len(raw)-1]
	}
	var v struct{ K string }
	if _, err := toml.Decode("K = "+raw, &v); err != nil {
		s.off = start
		s.fail("a key with a wrong escape: %s", raw)
	}
	return v.K
}
