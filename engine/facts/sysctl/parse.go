package sysctl

import (
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const spaces = " \t\r\v\f\n"

// line is what one line says. A key of "" is a comment or a blank line.
type line struct {
	key, value string
	excluded   bool // "-key": not to be set by patterns
}

// parseLine reads one line as systemd-sysctl does, and says why it ignores one.
func parseLine(text string) (line, string) {
	text = strings.Trim(text, spaces)
	if text == "" || text[0] == '#' || text[0] == ';' {
		return line{}, ""
	}
	key, value, assigns := strings.Cut(text, "=")
	bare, minus := strings.CutPrefix(key, "-")
	if !assigns && !minus {
		return line{}, "is no assignment"
	}
	key = normalise(strings.Trim(bare, spaces))
	if key == "" {
		return line{}, "has no key"
	}
	return line{key: key, value: strings.Trim(value, spaces), excluded: !assigns}, ""
}

// normalise returns the key with slashes between its parts. Whether they were dots before is told by the first of both,
// as in sysctl.d(5).
func normalise(key string) string {
	if i := strings.IndexAny(key, "/."); i >= 0 && key[i] == '.' {
		key = dotted(key)
	}
	return strings.Trim(path.Clean("/"+key), "/")
}

// dotted changes dots and slashes.
func dotted(key string) string {
	b := []byte(key)
	for i, c := range b {
		switch c {
		case '/':
			b[i] = '.'
		case '.':
			b[i] = '/'
		}
	}
	return string(b)
}

func isGlob(key string) bool { return strings.ContainsAny(key, "*?[") }

// source is the evidence for a line. The seed of private IPv6 addresses is a secret.
func source(path string, n int, text string, l line) facts.Source {
	if isSecret(l.key) {
		text = "-" + dotted(l.key)
		if !l.excluded {
			text = dotted(l.key) + " = …"
		}
	}
	return facts.At(path, n, text)
}

func isSecret(key string) bool {
	last := path.Base(key)
	ok, err := path.Match(last, "stable_secret")
	return last == "stable_secret" || ok && err == nil
}
