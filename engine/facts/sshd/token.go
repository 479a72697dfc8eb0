package sshd

import (
	"errors"
	"strings"
)

// keywordOf cuts the keyword off a line: it ends at blanks or at one equals sign, and may stand in double quotes
// (strdelim in OpenSSH's misc.c).
func keywordOf(line string) (keyword, rest string) {
	line = strings.Trim(line, " \t\r\n\f")
	if line == "" || line[0] == '#' {
		return "", ""
	}
	if line[0] == '"' {
		keyword, rest, _ = strings.Cut(line[1:], `"`)
	} else {
		end := strings.IndexAny(line, " \t\r\n=\"")
		if end < 0 {
			return line, ""
		}
		keyword, rest = line[:end], line[end:]
	}
	rest = strings.TrimLeft(rest, " \t\r\n")
	if after, ok := strings.CutPrefix(rest, "="); ok {
		rest = strings.TrimLeft(after, " \t\r\n")
	}
	return keyword, rest
}

// words splits the arguments of a keyword: at blanks outside of quotes, up to a # that begins a word (argv_split in
// OpenSSH's misc.c). A backslash escapes quotes, itself, and outside of quotes a blank.
func words(s string) ([]string, error) {
	var all []string
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' || s[i] == '\t' {
			continue
		}
		if s[i] == '#' {
			break
		}
		var word strings.Builder
		var quote byte
		for ; i < len(s); i++ {
			c := s[i]
			switch {
			case c == '\\' && i+1 < len(s) && (strings.IndexByte(`'"\`, s[i+1]) >= 0 || quote == 0 && s[i+1] == ' '):
				i++
				word.WriteByte(s[i])
				continue
			case quote == 0 && (c == ' ' || c == '\t'):
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
				continue
			case quote != 0 && c == quote:
				quote = 0
				continue
			default:
				word.WriteByte(c)
				continue
			}
			break
		}
		if quote != 0 {
			return all, errors.New("invalid quotes")
		}
		all = append(all, word.String())
	}
	return all, nil
}
