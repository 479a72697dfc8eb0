package policy

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Format lays the text of a TOML file out anew and keeps what it says, every comment, and where its lists are broken into
// lines. One blank line stands before a table and none after its name, one blank around =, after a comma and inside of
// braces; lists of several lines are indented by two; comments behind lines that follow each other are aligned; a literal
// string becomes a basic one where both are the same text. The error is about a file that is no TOML.
func Format(name string, text []byte) ([]byte, error) {
	src, _, err := parse(name, text)
	if err != nil {
		return nil, err
	}
	f := &formatter{scanner: scanner{text: src.text}}
	var lines []formattedLine
	for f.off < len(f.text) {
		if line, ok := f.line(); ok {
			lines = append(lines, line)
		}
	}
	return []byte(layOut(lines)), nil
}

// formatter writes what it scans. The text was accepted before, so that nothing fails.
type formatter struct{ scanner }

// formattedLine is a line of the file, or several that belong to one value.
type formattedLine struct {
	kind    lineKind
	text    string
	comment string // behind it
}

type lineKind int

const (
	blankLine lineKind = iota
	commentLine
	headerLine
	pairLine
)

// line reads one line with what belongs to it.
func (f *formatter) line() (line formattedLine, ok bool) {
	f.blanks()
	switch f.peek() {
	case '\r', '\n':
		f.newline()
		return formattedLine{}, true
	case '#':
		line = formattedLine{kind: commentLine, text: f.comment()}
	case '[':
		line = formattedLine{kind: headerLine, text: f.tableName()}
	default:
		if f.off == len(f.text) {
			return line, false
		}
		line = formattedLine{kind: pairLine, text: f.keyValue(0)}
	}
	f.blanks()
	if f.peek() == '#' {
		line.comment = f.comment()
	}
	f.newline()
	return line, true
}

// newline skips one line end.
func (f *formatter) newline() {
	f.accept("\r")
	f.accept("\n")
}

// comment reads from # to the end of the line.
func (f *formatter) comment() string {
	start := f.off
	f.off = len(f.text)
	if n := strings.IndexByte(f.text[start:], '\n'); n >= 0 {
		f.off = start + n
	}
	return strings.TrimRight(f.text[start:f.off], " \t\r")
}

func (f *formatter) tableName() string {
	open, end := "[", "]"
	if f.accept("[[") {
		open, end = "[[", "]]"
	} else {
		f.want("[")
	}
	name := f.dottedKey()
	f.want(end)
	return open + name + end
}

// dottedKey reads a key without the blanks in and around it.
func (f *formatter) dottedKey() string {
	parts := f.key()
	words := make([]string, len(parts))
	for i, p := range parts {
		end := f.off
		if i+1 < len(parts) {
			end = parts[i+1].off
		}
		words[i] = plainQuotes(strings.TrimRight(f.text[p.off:end], " \t."))
	}
	return strings.Join(words, ".")
}

func (f *formatter) keyValue(depth int) string {
	key := f.dottedKey()
	f.want("=")
	f.blanks()
	return key + " = " + f.formatted(depth)
}

// formatted reads a value.
func (f *formatter) formatted(depth int) string {
	switch f.peek() {
	case '[':
		return f.enclosed("[", "]", "", depth, f.formatted)
	case '{':
		return f.enclosed("{", "}", " ", depth, f.keyValue)
	}
	start := f.off
	f.value()
	return plainQuotes(strings.TrimRight(f.text[start:f.off], " \t"))
}

// enclosed reads a list or an inline table. gap stands between the brackets and what is in them, on one line.
func (f *formatter) enclosed(open, end, gap string, depth int, item func(depth int) string) string {
	const indent = "  "
	f.want(open)
	var out strings.Builder
	out.WriteString(open)
	for {
		f.blanks()
		written := out.String()
		fresh := strings.HasSuffix(written, "\n")
		switch c := f.peek(); {
		case c == '\r' || c == '\n':
			f.newline()
			if !strings.HasSuffix(written, "\n\n") && written != open+"\n" {
				out.WriteString("\n")
			}
		case c == '#' && fresh:
			out.WriteString(strings.Repeat(indent, depth+1) + f.comment())
		case c == '#':
			out.WriteString("  " + f.comment())
		case f.accept(end):
			return closed(written, open, end, gap, strings.Repeat(indent, depth))
		case f.accept(","):
			out.WriteString(",")
		case fresh:
			out.WriteString(strings.Repeat(indent, depth+1) + item(depth+1))
		case written == open:
			out.WriteString(gap + item(depth+1))
		default:
			out.WriteString(" " + item(depth+1))
		}
	}
}

// closed ends a list or an inline table. A comma before the end of a line that goes on is left out, as is a blank line
// before the end.
func closed(out, open, end, gap, indent string) string {
	switch {
	case out == open || out == open+"\n":
		return open + end
	case strings.HasSuffix(out, "\n"):
		return strings.TrimRight(out, "\n") + "\n" + indent + end
	}
	return strings.TrimSuffix(out, ",") + gap + end
}

// plainQuotes writes a literal string or key as a basic one, where that is the same text.
func plainQuotes(raw string) string {
	if len(raw) < 2 || raw[0] != '\'' || strings.HasPrefix(raw, "'''") {
		return raw
	}
	inside := raw[1 : len(raw)-1]
	if strings.ContainsAny(inside, "\"\\'") || strings.ContainsFunc(inside, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return raw
	}
	return `"` + inside + `"`
}

// layOut puts the lines together: blank lines where they belong, and comments behind lines aligned.
func layOut(lines []formattedLine) string {
	lines = blankLines(lines)
	var b strings.Builder
	for i := 0; i < len(lines); {
		n := commented(lines[i:])
		width := 0
		for _, l := range lines[i : i+n] {
			width = max(width, utf8.RuneCountInString(lastLine(l.text)))
		}
		for _, l := range lines[i : i+n] {
			b.WriteString(l.text)
			if l.comment != "" {
				b.WriteString(strings.Repeat(" ", width-utf8.RuneCountInString(lastLine(l.text))+2) + l.comment)
			}
			b.WriteString("\n")
		}
		i += n
	}
	return b.String()
}

// commented counts the lines at the start of lines whose comments are aligned with each other; at least one.
func commented(lines []formattedLine) int {
	n := slices.IndexFunc(lines, func(l formattedLine) bool {
		return l.comment == "" || l.kind != pairLine || strings.Contains(l.text, "\n")
	})
	if n < 0 {
		return len(lines)
	}
	return max(n, 1)
}

func lastLine(text string) string { return text[strings.LastIndexByte(text, '\n')+1:] }

// blankLines keeps one blank line of several, none at the ends of the file and after the name of a table, and puts one
// before every table and the comment above it.
func blankLines(lines []formattedLine) []formattedLine {
	var out []formattedLine
	for i, l := range lines {
		last := blankLine // as if the file began with one
		if len(out) > 0 {
			last = out[len(out)-1].kind
		}
		switch {
		case l.kind == blankLine && (last == blankLine || last == headerLine):
			continue
		case beginsTable(lines[i:]) && last != blankLine && last != commentLine:
			out = append(out, formattedLine{})
		}
		out = append(out, l)
	}
	for len(out) > 0 && out[len(out)-1].kind == blankLine {
		out = out[:len(out)-1]
	}
	return out
}

// beginsTable reports whether lines begin with the name of a table, or with a comment right above one.
func beginsTable(lines []formattedLine) bool {
	for _, l := range lines {
		if l.kind != commentLine {
			return l.kind == headerLine
		}
	}
	return false
}
