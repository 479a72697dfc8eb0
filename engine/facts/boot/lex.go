package boot

import (
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const maxTokens = 200_000 // of one script

// token is a word of GRUB's script language, or one of ";", "{" and "}" that stand alone.
type token struct {
	mark byte // ';' for the end of a command, '{', '}'; 0 for a word
	word word
	line int
}

// word is made of pieces that are expanded one by one.
type word []piece

// piece is text as it stands, or the name of a variable.
type piece struct {
	text   string
	isVar  bool
	quoted bool // a variable that is not split at spaces, or text that is no keyword
}

// plain returns the text of a word without quotes and variables, which is what keywords are.
func (w word) plain() string {
	if len(w) == 1 && !w[0].isVar && !w[0].quoted {
		return w[0].text
	}
	return ""
}

// lexer splits a script into tokens (GNU GRUB manual 2.12, section 6.1, "Shell-like scripting").
type lexer struct {
	text       string
	at         int
	line       int
	tokens     []token
	word       word
	inWord     bool
	part       []byte // of the piece at hand
	partQuoted bool   // that piece is quoted
}

func lex(text string) ([]token, error) {
	l := lexer{text: text, line: 1}
	for l.at < len(l.text) {
		if len(l.tokens) > maxTokens {
			return nil, binread.Limit("line %d: more than %d words", l.line, maxTokens)
		}
		if err := l.next(); err != nil {
			return nil, err
		}
	}
	l.end()
	l.mark(';')
	return l.tokens, nil
}

func (l *lexer) next() error {
	c := l.text[l.at]
	l.at++
	switch c {
	case ' ', '\t', '\r':
		l.end()
	case '\n':
		l.end()
		l.mark(';')
		l.line++
	case ';', '&', '|':
		l.end()
		l.mark(';')
	case '{', '}':
		if l.inWord {
			l.add(string(c), false)
		} else {
			l.mark(c)
		}
	case '#':
		if l.inWord {
			l.add("#", false)
		} else if n := strings.IndexByte(l.text[l.at:], '\n'); n >= 0 {
			l.at += n
		} else {
			l.at = len(l.text)
		}
	case '\\':
		l.escape()
	case '\'':
		return l.single()
	case '"':
		return l.double()
	case '$':
		l.variable(false)
	default:
		n := strings.IndexAny(l.text[l.at:], " \t\r\n;&|{}#\\'\"$")
		if n < 0 {
			n = len(l.text) - l.at
		}
		l.add(l.text[l.at-1:l.at+n], false)
		l.at += n
	}
	return nil
}

func (l *lexer) end() {
	l.flush()
	if l.inWord {
		l.tokens = append(l.tokens, token{word: l.word, line: l.line})
	}
	l.word, l.inWord = nil, false
}

func (l *lexer) mark(c byte) { l.tokens = append(l.tokens, token{mark: c, line: l.line}) }

// add appends to the piece at hand, or starts one.
func (l *lexer) add(text string, quoted bool) {
	if l.part == nil || l.partQuoted != quoted {
		l.flush()
		l.part, l.partQuoted = []byte{}, quoted
	}
	l.inWord = true
	l.part = append(l.part, text...)
}

func (l *lexer) flush() {
	if len(l.part) > 0 || l.part != nil && len(l.word) == 0 {
		l.word = append(l.word, piece{text: string(l.part), quoted: l.partQuoted})
	}
	l.part = nil
}

// escape reads what follows a backslash outside of quotes: a line break is nothing at all.
func (l *lexer) escape() {
	if l.at == len(l.text) {
		return
	}
	c := l.text[l.at]
	l.at++
	if c == '\n' {
		l.line++
		return
	}
	l.add(string(c), true)
}

func (l *lexer) single() error {
	n := strings.IndexByte(l.text[l.at:], '\'')
	if n < 0 {
		return binread.Corrupt("line %d: quote is not closed", l.line)
	}
	l.quoted(l.text[l.at : l.at+n])
	l.at += n + 1
	return nil
}

func (l *lexer) quoted(text string) {
	l.add(text, true)
	l.line += strings.Count(text, "\n")
}

func (l *lexer) double() error {
	l.add("", true)
	start := l.at
	for l.at < len(l.text) {
		switch c := l.text[l.at]; {
		case c == '"':
			l.quoted(l.text[start:l.at])
			l.at++
			return nil
		case c == '$':
			l.quoted(l.text[start:l.at])
			l.at++
			l.variable(true)
			start = l.at
		case c == '\\' && l.at+1 < len(l.text) && strings.IndexByte("\\\"$\n", l.text[l.at+1]) >= 0:
			l.quoted(l.text[start:l.at])
			if l.text[l.at+1] != '\n' {
				l.add(l.text[l.at+1:l.at+2], true)
			} else {
				l.line++
			}
			l.at += 2
			start = l.at
		default:
			l.at++
		}
	}
	return binread.Corrupt("line %d: double quote is not closed", l.line)
}

// variable reads the name behind a dollar sign. A dollar sign without a name is one.
func (l *lexer) variable(quoted bool) {
	name, n := variableName(l.text[l.at:])
	if n == 0 {
		l.add("$", quoted)
		return
	}
	l.at += n
	l.flush()
	l.inWord = true
	l.word = append(l.word, piece{text: name, isVar: true, quoted: quoted})
}

// variableName returns the name at the start of text, as name or {name}, and how many bytes it takes.
func variableName(text string) (name string, n int) {
	if strings.HasPrefix(text, "{") {
		end := strings.IndexByte(text, '}')
		if end < 0 {
			return "", 0
		}
		return text[1:end], end + 1
	}
	if text != "" && strings.IndexByte("?@*#0123456789", text[0]) >= 0 {
		return text[:1], 1
	}
	for n < len(text) && (text[n] == '_' || 'a' <= text[n] && text[n] <= 'z' || 'A' <= text[n] && text[n] <= 'Z' || '0' <= text[n] && text[n] <= '9') {
		n++
	}
	return text[:n], n
}
