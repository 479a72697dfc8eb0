package facts

import (
	"errors"
	"strings"
)

// Setting is one "key = value" line of a file with [sections].
type Setting struct {
	Section, Key, Value string
	Source              Source
}

// Settings returns the settings of a file in the manner of systemd.syntax(7): [sections], comments that begin with # or ;,
// and lines that a backslash at the end continues. Keys keep their case. A line that is none of these is recorded as a
// problem. Errors are those of ReadFile.
func (s *Scope) Settings(path string) ([]Setting, error) {
	r := iniReader{path: path, problem: func(line int, err error) { s.Problem(path, line, err) }}
	err := s.Lines(path, r.line)
	r.end()
	return r.all, err
}

// ParseSettings does the same with a text that was read already.
func ParseSettings(path string, text []byte, problem func(line int, err error)) []Setting {
	r := iniReader{path: path, problem: problem}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		r.line(n, strings.TrimSuffix(line, "\n"))
	}
	r.end()
	return r.all
}

type iniReader struct {
	path             string
	problem          func(line int, err error)
	all              []Setting
	section, pending string
	first            int // line that pending begins on
}

func (r *iniReader) line(n int, text string) {
	text = strings.TrimRight(text, "\r")
	trimmed := strings.TrimSpace(text)
	comment := trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';'
	if comment && (r.pending == "" || trimmed != "") {
		return // also between the lines of one setting
	}
	if r.pending == "" {
		r.first = n
	}
	if line, more := strings.CutSuffix(text, `\`); more {
		r.pending += line + " "
		return
	}
	line := strings.TrimSpace(r.pending + text)
	r.pending = ""
	switch key, value, ok := strings.Cut(line, "="); {
	case line == "":
	case line[0] == '[':
		r.section = strings.TrimSuffix(line[1:], "]")
		if r.section+"]" != line[1:] {
			r.problem(r.first, errors.New("section header has no ]"))
		}
	case !ok:
		r.problem(r.first, errors.New("line is no section, comment or setting"))
	default:
		r.all = append(r.all, Setting{r.section, strings.TrimSpace(key), strings.TrimSpace(value), Source{r.path, r.first, line}})
	}
}

func (r *iniReader) end() {
	if r.pending != "" {
		r.problem(r.first, errors.New("the last line is continued and nothing follows"))
	}
}
