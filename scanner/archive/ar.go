package archive

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	arHeader  = 60       // bytes
	maxArName = 64 << 10 // bytes of a name that stands apart; the rest of a longer one is cut off
)

// ar opens an archive of ar(5), as GNU and BSD write it. A Debian package is one.
func (w *walker) ar(content []byte) error {
	rest := content[len("!<arch>\n"):]
	var names []byte // of GNU: a member that holds names that are too long for their headers
	for len(rest) > 0 {
		m, after, err := nextAr(rest, names)
		if err != nil {
			return w.problem("", err)
		}
		if m.name == "//" {
			names = m.content
		} else if err := w.member(Member{m.name, m.size, m.reader(w)}); err != nil {
			return err
		}
		rest = after
	}
	return nil
}

type arMember struct {
	name    string
	size    int64 // that the header says
	content []byte
}

// reader ends with an error where the file breaks off.
func (m arMember) reader(w *walker) io.Reader {
	r := w.meter(bytes.NewReader(m.content))
	return whole{&io.LimitedReader{R: r, N: m.size}}
}

// nextAr decodes the member at the start of b, and returns what follows.
func nextAr(b, names []byte) (m arMember, after []byte, err error) {
	if len(b) < arHeader || string(b[58:60]) != "`\n" {
		return m, nil, binread.Corrupt("no header where the next member should be")
	}
	size, err := strconv.ParseUint(strings.TrimRight(string(b[48:58]), " "), 10, 40)
	if err != nil {
		return m, nil, binread.Corrupt("size of a member is %q", b[48:58])
	}
	m.size = int64(size)
	m.name = strings.TrimRight(string(b[:16]), " ")
	b = b[arHeader:]
	n := min(int(m.size), len(b))
	m.content, after = b[:n], b[n:]
	if m.size%2 == 1 && len(after) > 0 {
		after = after[1:] // a line end that pads
	}
	m.longName(names)
	return m, after, nil
}

// longName finds the name where it is not in the header.
func (m *arMember) longName(names []byte) {
	if n, err := strconv.Atoi(strings.TrimPrefix(m.name, "#1/")); err == nil && strings.HasPrefix(m.name, "#1/") &&
		n >= 0 && n <= len(m.content) { // BSD: before the content
		m.name, m.content = string(bytes.TrimRight(m.content[:n], "\x00")), m.content[n:]
		m.size -= int64(n)
		return
	}
	if off, err := strconv.Atoi(strings.TrimPrefix(m.name, "/")); err == nil && strings.HasPrefix(m.name, "/") &&
		off >= 0 && off < len(names) {
		line, _, _ := bytes.Cut(names[off:min(len(names), off+maxArName)], []byte("\n"))
		m.name = string(line)
	}
	if len(m.name) > 1 && m.name != "//" {
		m.name = strings.TrimSuffix(m.name, "/")
	}
}
