package rsyslog

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
)

// statement is one rule, directive or object.
type statement struct {
	line     int
	text     string
	object   string // "module", "input", "action", "include" …; "" for the other syntaxes
	selector string // what stands before an action object
	params   map[string]string
}

// object finds the start of an object.
var object = regexp.MustCompile(`(?i)(?:^|[\s{;)])(module|input|action|include|global|template|ruleset|main_queue|parser|timezone|lookup_table|dyn_stats|property|constant)[ \t]*\(`)

// statements cuts a file into statements. An object may go over lines; any other statement is a line.
func statements(text string, problem func(line int, err error)) []statement {
	text = blank(text, problem)
	var all []statement
	line := 1
	for text != "" {
		end := strings.IndexByte(text, '\n')
		if end < 0 {
			end = len(text)
		}
		first := line
		for end < len(text) && strings.HasSuffix(strings.TrimRight(text[:end], "\r"), `\`) { // goes on in the next line
			line++
			next := strings.IndexByte(text[end+1:], '\n')
			if next < 0 {
				next = len(text) - end - 1
			}
			end += 1 + next
		}
		current := text[:end]
		if m := object.FindStringSubmatchIndex(current); m != nil && current[0] != '$' && current[0] != ':' {
			params, n, ok := parameters(text[m[1]:])
			if !ok {
				problem(first, errors.New("object has no closing bracket"))
				return all
			}
			used := m[1] + n
			all = append(all, statement{
				line: first, text: strings.Join(strings.Fields(text[:used]), " "), object: strings.ToLower(text[m[2]:m[3]]),
				selector: strings.Trim(text[:m[2]], " \t{}"), params: params,
			})
			line = first + strings.Count(text[:used], "\n")
			text = text[used:]
			continue
		}
		if trimmed := strings.Trim(strings.ReplaceAll(current, "\\\n", ""), " \t\r\n{}"); trimmed != "" {
			all = append(all, statement{line: first, text: trimmed})
		}
		if end == len(text) {
			break
		}
		text, line = text[end+1:], line+1
	}
	return all
}

// parameters reads name="value" pairs up to the closing bracket, and says how many bytes that were. Names are in lower
// case.
func parameters(text string) (params map[string]string, n int, ok bool) {
	params = map[string]string{}
	name, quoted, start := "", false, 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted && c == '\\':
			i++
		case quoted && c == '"':
			quoted = false
			if name != "" {
				params[name] = text[start:i]
			}
			name, start = "", i+1
		case quoted:
		case c == '"':
			quoted, start = true, i+1
		case c == '=':
			name = strings.ToLower(strings.TrimSpace(text[start:i]))
		case c == ')':
			return params, i + 1, true
		}
	}
	return nil, 0, false
}

// blank puts spaces in place of comments, so that lines keep their numbers.
func blank(text string, problem func(line int, err error)) string {
	b := []byte(text)
	quoted, line := false, 1
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\n':
			line++
			quoted = false // a quote without its pair in one line does not hide the comments of the next
		case c == '\\' && i+1 < len(b) && b[i+1] != '\n':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '#':
			for ; i < len(b) && b[i] != '\n'; i++ {
				b[i] = ' '
			}
			i--
		case c == '/' && i+1 < len(b) && b[i+1] == '*' && (i == 0 || b[i-1] == ' ' || b[i-1] == '\t' || b[i-1] == '\n'):
			end := bytes.Index(b[i:], []byte("*/"))
			if end < 0 {
				problem(line, errors.New("comment has no end"))
				return string(b[:i])
			}
			for j := i; j < i+end+2; j++ {
				if b[j] != '\n' {
					b[j] = ' '
				}
			}
			line += strings.Count(text[i:i+end+2], "\n")
			i += end + 1
		}
	}
	return string(b)
}
