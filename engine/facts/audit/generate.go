package audit

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

// generate returns the lines that augenrules makes of rules.d, and whether there is such a directory. The files are put
// one behind the other as they are, so that a last line without its end runs into the next file.
func generate(ctx context.Context, s *facts.Scope, out *facts.Audit) ([]line, bool, error) {
	o, err := s.Stat(rulesDir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !o.IsDir() {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	var names []string
	for _, e := range s.ReadDir(rulesDir) {
		if strings.HasSuffix(e.Name, ".rules") && !strings.HasPrefix(e.Name, ".") {
			names = append(names, e.Name)
		}
	}
	slices.SortFunc(names, compareNames)
	if len(names) > maxFiles {
		s.Problem(rulesDir, 0, binread.Limit("%d files, read the first %d", len(names), maxFiles))
		names = names[:maxFiles]
	}
	var all []line
	var open *line // the last line of a file, when it has no end
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		all, open = generateFrom(s, out, rulesDir+"/"+name, all, open)
	}
	if open != nil {
		all = appendLine(s, all, open.at.Path, open.at.Line, open.text)
	}
	return hoist(all), true, nil
}

func generateFrom(s *facts.Scope, out *facts.Audit, path string, all []line, open *line) ([]line, *line) {
	b, err := s.ReadFile(path)
	if err != nil {
		s.Problem(path, 0, err)
		return all, open
	}
	out.Files = append(out.Files, path)
	n := 0
	for text := range strings.Lines(string(b)) {
		n++
		l := line{strings.TrimSuffix(text, "\n"), facts.Source{Path: path, Line: n}}
		if open != nil {
			l = line{open.text + l.text, open.at}
			open = nil
		}
		if !strings.HasSuffix(text, "\n") {
			return all, &l
		}
		all = appendLine(s, all, l.at.Path, l.at.Line, l.text)
	}
	return all, open
}

// hoist puts the last -D, -b and -f before the rules and the last -e behind them.
func hoist(all []line) []line {
	var first [3]*line
	var enable *line
	var rest []line
	for _, l := range all {
		switch {
		case strings.HasPrefix(l.text, "-e"):
			enable = &l
		case l.text == "-D":
			first[0] = &l
		case strings.HasPrefix(l.text, "-b"):
			first[1] = &l
		case strings.HasPrefix(l.text, "-f"):
			first[2] = &l
		default:
			rest = append(rest, l)
		}
	}
	lines := []line{}
	for _, l := range first {
		if l != nil {
			lines = append(lines, *l)
		}
	}
	lines = append(lines, rest...)
	if enable != nil {
		lines = append(lines, *enable)
	}
	return lines
}

// compareNames orders names as ls -v does (filevercmp of gnulib): numbers by their value, and what looks like a suffix
// last.
func compareNames(a, b string) int {
	if c := compareVersions(withoutSuffix(a), withoutSuffix(b)); c != 0 {
		return c
	}
	if c := compareVersions(a, b); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

// withoutSuffix cuts (\.[A-Za-z~][A-Za-z0-9~]*)*$ off.
func withoutSuffix(name string) string {
	end, start := len(name), len(name)
	for start > 0 {
		i := start - 1
		for i >= 0 && (isLetter(name[i]) || isDigit(name[i]) || name[i] == '~') {
			i--
		}
		if i < 1 || name[i] != '.' || i+1 >= start || isDigit(name[i+1]) {
			break
		}
		end, start = i, i
	}
	return name[:end]
}

func compareVersions(a, b string) int {
	for a != "" || b != "" {
		for a != "" && !isDigit(a[0]) || b != "" && !isDigit(b[0]) {
			if x, y := rank(a), rank(b); x != y {
				return x - y
			}
			a, b = a[min(1, len(a)):], b[min(1, len(b)):]
		}
		x, y := digits(&a), digits(&b)
		if c := len(x) - len(y); c != 0 {
			return c
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// digits cuts a number off, without its zeros.
func digits(s *string) string {
	i := 0
	for i < len(*s) && isDigit((*s)[i]) {
		i++
	}
	number := strings.TrimLeft((*s)[:i], "0")
	*s = (*s)[i:]
	return number
}

// rank orders bytes that are no digits: a tilde before the end, letters before the rest.
func rank(s string) int {
	switch {
	case s == "" || isDigit(s[0]):
		return 0
	case s[0] == '~':
		return -1
	case isLetter(s[0]):
		return int(s[0])
	}
	return int(s[0]) + 256
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
