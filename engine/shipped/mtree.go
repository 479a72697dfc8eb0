package shipped

import (
	"crypto"
	"encoding/hex"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxMtreeLine  = 64 << 10 // bytes
	maxMtreeWords = 64       // of one line
)

// mtree reads the lines of mtree(5): /set and /unset with what the entries below have in common, and entries with a whole path.
// Entries without a slash in their name, which are in the directory of the entry before, are not read.
type mtree struct {
	each    func(line int, e mtreeEntry) error
	problem func(line int, err error)

	common map[string]string
	broken string // line that goes on in the next
	at     int    // line on which it began
}

// mtreeEntry is one file. What is not said is nil.
type mtreeEntry struct {
	path     string // from the root
	kind     uint32 // type bits of st_mode
	mode     *uint32
	uid, gid *uint32
	size     *int64
	hash     crypto.Hash
	digest   []byte
	link     *string
}

func atLine(n int, err error) error { return fmt.Errorf("line %d: %w", n, err) }

func (m *mtree) line(n int, line string) error {
	if m.broken == "" {
		m.at = n
	}
	if strings.HasSuffix(line, `\`) && !strings.HasSuffix(line, `\\`) {
		if m.broken += strings.TrimSuffix(line, `\`) + " "; len(m.broken) > maxMtreeLine {
			return binread.Corrupt("mtree has a line of more than %d bytes", maxMtreeLine)
		}
		return nil
	}
	line, m.broken = m.broken+line, ""
	words := strings.Fields(line)
	switch {
	case len(words) == 0 || words[0][0] == '#':
		return nil
	case len(words) > maxMtreeWords:
		m.problem(m.at, binread.Corrupt("%d words, want at most %d", len(words), maxMtreeWords))
		return nil
	case words[0] == "/set":
		m.set(words[1:])
		return nil
	case words[0] == "/unset":
		for _, word := range words[1:] {
			delete(m.common, word)
			if word == "all" {
				clear(m.common)
			}
		}
		return nil
	}
	e, ok := m.entry(words)
	if !ok {
		return nil
	}
	return m.each(m.at, e)
}

func (m *mtree) end() error {
	if m.broken != "" {
		return binread.Corrupt("mtree ends in the middle of a line")
	}
	return nil
}

func (m *mtree) set(words []string) {
	if m.common == nil {
		m.common = map[string]string{}
	}
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		if len(m.common) < maxMtreeWords {
			m.common[key] = value
		}
	}
}

// entry reads "./usr/bin/ls mode=755 size=3". A value that is damaged is a problem and is left out, and so is an entry without a path
// of its own.
func (m *mtree) entry(words []string) (e mtreeEntry, ok bool) {
	name, err := unvis(words[0])
	if err == nil && !strings.Contains(name, "/") && name != "." {
		err = binread.Unsupported("entry %.80q without its directory", name)
	}
	if err != nil {
		m.problem(m.at, err)
		return e, false
	}
	e.path = path.Clean("/" + name)
	words = words[1:]
	own := make(map[string]string, len(words))
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		own[key] = value
	}
	for _, k := range mtreeKeywords {
		value, ok := own[k.name]
		if !ok {
			value, ok = m.common[k.name]
		}
		if !ok {
			continue
		}
		if err := k.read(&e, value); err != nil {
			m.problem(m.at, binread.Corrupt("%.80q has %s=%.80q: %w", name, k.name, value, err))
		}
	}
	return e, true
}

// mtreeKeywords are read in this order: of several digests the last is taken.
var mtreeKeywords = []struct {
	name string
	read func(e *mtreeEntry, value string) error
}{
	{"type", (*mtreeEntry).readType},
	{"mode", func(e *mtreeEntry, v string) error { return number(&e.mode, v, 8, 12) }},
	{"uid", func(e *mtreeEntry, v string) error { return number(&e.uid, v, 10, 32) }},
	{"gid", func(e *mtreeEntry, v string) error { return number(&e.gid, v, 10, 32) }},
	{"size", func(e *mtreeEntry, v string) error { return number(&e.size, v, 10, 63) }},
	{"link", func(e *mtreeEntry, v string) error {
		target, err := unvis(v)
		if err == nil {
			e.link = &target
		}
		return err
	}},
	{"md5", readDigest(crypto.MD5)},
	{"md5digest", readDigest(crypto.MD5)},
	{"sha1", readDigest(crypto.SHA1)},
	{"sha1digest", readDigest(crypto.SHA1)},
	{"sha512", readDigest(crypto.SHA512)},
	{"sha512digest", readDigest(crypto.SHA512)},
	{"sha256", readDigest(crypto.SHA256)},
	{"sha256digest", readDigest(crypto.SHA256)},
}

func (e *mtreeEntry) readType(v string) error {
	kind, ok := map[string]uint32{
		"file": typeRegular, "dir": typeDirectory, "link": typeLink, "block": 0o060000, "char": 0o020000, "fifo": 0o010000, "socket": 0o140000,
	}[v]
	if !ok {
		return binread.Corrupt("no type")
	}
	e.kind = kind
	return nil
}

func number[T uint32 | int64](to **T, s string, base, bits int) error {
	v, err := strconv.ParseUint(s, base, bits)
	if err != nil {
		return binread.Corrupt("no number of base %d and %d bits", base, bits)
	}
	*to = new(T(v))
	return nil
}

func readDigest(h crypto.Hash) func(*mtreeEntry, string) error {
	return func(e *mtreeEntry, v string) error {
		digest, err := hex.DecodeString(v)
		if err != nil || len(digest) != h.Size() {
			return binread.Corrupt("want %d hexadecimal digits", 2*h.Size())
		}
		e.hash, e.digest = h, digest
		return nil
	}
}

// unvis takes back what vis(3) did to a name: three octal digits, and the letters of C, behind a backslash.
func unvis(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		rest := s[i+1:]
		if len(rest) >= 3 {
			if v, err := strconv.ParseUint(rest[:3], 8, 8); err == nil {
				b.WriteByte(byte(v))
				i += 3
				continue
			}
		}
		at := strings.IndexByte(`abfnrstv\#0`, append([]byte(rest), 'x')[0])
		if at < 0 {
			return "", binread.Corrupt("%.80q has an escape that is not known", s)
		}
		b.WriteByte("\a\b\f\n\r \t\v\\#\x00"[at])
		i++
	}
	return b.String(), nil
}
