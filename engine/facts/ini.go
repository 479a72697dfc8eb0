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
	var all []Setting
	section, pending, first := "", "", 0
	err := s.Lines(path, func(n int, text string) {
		text = strings.TrimRight(text, "\r")
		trimmed := strings.TrimSpace(text)
		comment := trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';'
		if comment && (pending == "" || trimmed != "") {
			return // also between the lines of one setting
		}
		if pending == "" {
			first = n
		}
		if line, more := strings.CutSuffix(text, `\`); more {
			pending += line + " "
			return
		}
		line := strings.TrimSpace(pending + text)
		pending = ""
		switch key, value, ok := strings.Cut(line, "="); {
		case line == "":
		case line[0] == '[':
			section = strings.TrimSuffix(line[1:], "]")
			if section+"]" != line[1:] {
				s.Problem(path, first, errors.New("section header has no ]"))
			}
		case !ok:
			s.Problem(path, first, errors.New("line is no section, comment or setting"))
		default:
			all = append(all, Setting{section, strings.TrimSpace(key), strings.TrimSpace(value), Source{path, first, line}})
		}
	})
	if pending != "" {
		s.Problem(path, first, errors.New("the last line is continued and nothing follows"))
	}
	return all, err
}
