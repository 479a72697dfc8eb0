package policy

import (
	"errors"
	"regexp"
	"strings"
)

// pattern matches ids of checks and names of images. They hold slashes and colons, so that path.Match, whose words these
// are, does not suffice: * is any text without a slash, ** any text, ? one character but a slash, [a-z] and [^a-z] one of a
// set; \ takes the meaning from the next character.
type pattern struct{ re *regexp.Regexp }

func (p pattern) match(s string) bool { return p.re != nil && p.re.MatchString(s) }

// compilePattern reads a pattern.
func compilePattern(text string) (pattern, error) {
	var b strings.Builder
	b.WriteString(`(?s)\A(?:`)
	for rest := text; rest != ""; {
		re, n, err := patternPart(rest)
		if err != nil {
			return pattern{}, err
		}
		b.WriteString(re)
		rest = rest[n:]
	}
	b.WriteString(`)\z`)
	re, err := regexp.Compile(b.String())
	if err != nil {
		return pattern{}, errors.New("a set of characters that is none")
	}
	return pattern{re}, nil
}

// patternPart translates the first element of a pattern, and says how many bytes it has.
func patternPart(text string) (re string, n int, err error) {
	switch text[0] {
	case '*':
		if strings.HasPrefix(text, "**") {
			return ".*", 2, nil
		}
		return "[^/]*", 1, nil
	case '?':
		return "[^/]", 1, nil
	case '[':
		return patternSet(text)
	case '\\':
		if len(text) == 1 {
			return "", 0, errors.New(`a \ at its end`)
		}
		return patternLetter(text[1:], 1)
	}
	return patternLetter(text, 0)
}

// patternLetter translates one character as it is.
func patternLetter(text string, skipped int) (re string, n int, err error) {
	for i := range text {
		if i > 0 {
			return regexp.QuoteMeta(text[:i]), skipped + i, nil
		}
	}
	return regexp.QuoteMeta(text), skipped + len(text), nil
}

// patternSet translates [...].
func patternSet(text string) (re string, n int, err error) {
	end := strings.IndexByte(text, ']')
	if end < 0 {
		return "", 0, errors.New("a [ without its ]")
	}
	set, negated := strings.CutPrefix(text[1:end], "^")
	if set == "" || strings.ContainsAny(set, `[\`) {
		return "", 0, errors.New("a set of characters that is none")
	}
	set = strings.NewReplacer("^", `\^`, "&", `\&`, "~", `\~`).Replace(set)
	if negated {
		return "[^" + set + "]", end + 1, nil
	}
	return "[" + set + "]", end + 1, nil
}
