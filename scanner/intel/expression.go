package intel

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// maxProgram is how many steps a regular expression may have: repetitions of repetitions would take any amount of memory.
const maxProgram = 4000

// regexpFault says why a term has a regular expression that cannot be used; "" is a good one, or none.
func (b *builder) regexpFault(t Term) string {
	if t.Kind != Regexp && t.Kind != NameRegexp && t.Kind != Glob {
		return ""
	}
	_, why := compile(t)
	return why
}

// compile makes the regular expression of a term; why says why there is none.
func compile(t Term) (re *regexp.Regexp, why string) {
	expression := t.Value
	if t.Kind == Glob {
		var err error
		if expression, err = globRegexp(t.Value); err != nil {
			return nil, "glob with a mistake"
		}
	}
	if len(expression) > maxRegexp {
		return nil, "regular expression that is too long"
	}
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil, "regular expression that RE2 does not know"
	}
	if steps(parsed) > maxProgram {
		return nil, "regular expression that is too large"
	}
	if re, err = regexp.Compile(expression); err != nil {
		return nil, "regular expression that RE2 does not know"
	}
	if re.MatchString("") && !strings.HasPrefix(expression, `\A`) {
		return nil, "regular expression that matches everything"
	}
	return re, ""
}

// steps estimates how large the program of an expression becomes.
func steps(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		n += steps(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, maxProgram+1)
}

// literal is the longest text, in lower case, without which an expression does not match; it may be "".
func literal(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return strings.ToLower(string(re.Rune))
	case syntax.OpCapture, syntax.OpPlus:
		return literal(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return literal(re.Sub[0])
		}
	case syntax.OpConcat:
		longest := ""
		for _, sub := range re.Sub {
			if l := literal(sub); len(l) > len(longest) {
				longest = l
			}
		}
		return longest
	}
	return ""
}

// literalOf is the text without which a term does not match.
func literalOf(t Term) string {
	expression := t.Value
	if t.Kind == Glob {
		expression, _ = globRegexp(t.Value)
	}
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return ""
	}
	return literal(parsed.Simplify())
}
