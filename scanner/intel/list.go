package intel

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// isList knows a list by a line that is an indicator, among its first ones.
func isList(head []byte) bool {
	if !isText(head) {
		return false
	}
	for i, line := range lines(head) {
		if i > 1000 {
			return false
		}
		if is, _ := lineOf(line); len(is) > 0 {
			return true
		}
	}
	return false
}

// readList reads one indicator from each line. A comment is the label of the regular expressions below it.
func readList(b *builder, f *file) error {
	comment := ""
	return f.eachLine(func(line string) error {
		if isComment(line) {
			comment = strings.TrimSpace(strings.TrimLeft(line, "#;/ \t"))
			return nil
		}
		is, why := lineOf(line)
		if why != "" {
			b.unused("list: " + why)
		}
		for _, i := range is {
			if i.Kind == Regexp {
				i.Label = comment
			}
			if err := b.addChecked("list", i); err != nil {
				return err
			}
		}
		return nil
	})
}

func isComment(line string) bool {
	return strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") || strings.HasPrefix(line, "//")
}

// lineOf reads a line of a list: an indicator alone, with a comment after a semicolon, as sha256sum(1) writes it, or a regular
// expression with its score. why says why the line is none.
func lineOf(line string) (is []Indicator, why string) {
	line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
	if line == "" || isComment(line) {
		return nil, ""
	}
	if i, ok := sumLine(line); ok {
		return []Indicator{i}, ""
	}
	first, rest, _ := strings.Cut(line, ";")
	rest = strings.TrimSpace(rest)
	t, ok := termOf(first)
	if ok && !t.Kind.isPath() {
		return []Indicator{{t, Info{Label: rest}}}, ""
	}
	if i, ok := scoredLine(first, rest); ok {
		return []Indicator{i}, ""
	}
	if ok {
		return []Indicator{{t, Info{Label: rest}}}, ""
	}
	return nil, "line that is no indicator"
}

// sumLine reads a line of sha256sum(1) and its siblings: "digest  name", "digest *name" and "SHA256 (name) = digest".
func sumLine(line string) (Indicator, bool) {
	if name, digest, ok := strings.Cut(line, ") = "); ok {
		_, name, _ = strings.Cut(name, " (")
		t, ok := digestTerm(digest)
		return Indicator{t, Info{Label: name}}, ok
	}
	digest, name, ok := strings.Cut(strings.TrimPrefix(line, `\`), " ")
	if !ok {
		return Indicator{}, false
	}
	t, ok := digestTerm(digest)
	return Indicator{t, Info{Label: strings.TrimLeft(name, " *")}}, ok
}

// scoredLine reads "regular expression;score", which may be followed by ";regular expression of what is harmless".
func scoredLine(first, rest string) (Indicator, bool) {
	number, harmless, _ := strings.Cut(rest, ";")
	score, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || score < 0 {
		return Indicator{}, false
	}
	i := Indicator{Term{Kind: Regexp, Value: first}, Info{Score: min(score, 100)}}
	if harmless = strings.TrimSpace(harmless); harmless != "" {
		i.And = []Term{{Kind: Regexp, Value: harmless, Not: true}}
	}
	return i, true
}

// addChecked adds an indicator whose regular expressions may be none.
func (b *builder) addChecked(format string, i Indicator) error {
	for _, t := range append([]Term{i.Term}, i.And...) {
		if why := b.regexpFault(t); why != "" {
			b.unused(format + ": " + why)
			return nil
		}
	}
	return b.add(i)
}

// eachLine calls f for each line. An error is told with the number of the line.
func (f *file) eachLine(each func(string) error) error {
	r := bufio.NewReaderSize(f.r, maxLine)
	for n := 1; ; n++ {
		line, err := r.ReadSlice('\n')
		last := errors.Is(err, io.EOF)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("%s:%d: %w", f.name, n, binread.Limit("a line of more than %d bytes", maxLine))
		case err != nil && !last:
			return fmt.Errorf("%s:%d: %w", f.name, n, err)
		}
		if err := each(strings.TrimRight(string(line), "\r\n")); err != nil {
			return fmt.Errorf("%s:%d: %w", f.name, n, err)
		}
		if last {
			return nil
		}
	}
}
