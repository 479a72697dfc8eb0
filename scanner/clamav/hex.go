package clamav

import (
	"strconv"
	"strings"
)

const (
	maxTokens   = 8000 // bytes and jumps of a rule; YARA takes about 10,000
	maxSplits   = 100  // alternatives of a rule beyond the first of each group; YARA takes 127
	maxEdge     = 64   // bytes of any value at the beginning or end of a rule
	chained     = 200  // a jump that is longer parts what YARA looks for into two strings
	leastFixed  = 2    // bytes in a row that are to be known in each such part, for ClamAV as well as for the speed of YARA
	endlessJump = -1
)

// Reasons why bytes of a signature cannot become a rule.
const (
	tooLong        = "too long for a rule"
	tooManyChoices = "too many alternatives for a rule"
	tooFewFixed    = "too few known bytes in a row"
	negated        = "unsupported: !(aa|bb)"
	boundary       = "unsupported: (B), (L), (W)"
	anchored       = "unsupported: [n-m]"
	nested         = "unsupported: alternatives within alternatives"
	edgeJump       = "unsupported: jump at the beginning or end"
)

// hexString translates the bytes of a signature into those of YARA. floating says that they may be anywhere. The reason says why
// they cannot be translated.
func hexString(hex string, floating bool) (yara, reason string) {
	t := &translation{floating: floating}
	for rest := hex; rest != ""; {
		var n int
		if n, reason = t.next(rest); reason != "" {
			return "", reason
		}
		rest = rest[n:]
	}
	return t.end()
}

// translation is the part of a signature that is translated.
type translation struct {
	floating bool
	tokens   []string
	jump     jump
	splits   int
	run      int // known bytes in a row so far
	longest  int // of the part since the last long jump
}

// jump is a number of bytes of any value.
type jump struct{ least, most int }

// next translates what rest begins with, and returns its length.
func (t *translation) next(rest string) (n int, reason string) {
	switch c := rest[0]; c {
	case '*':
		t.pass(jump{0, endlessJump})
		return 1, ""
	case '!':
		return 0, negated
	case '[':
		return 0, anchored
	case '{', '(':
		end := strings.IndexByte(rest, map[byte]byte{'{': '}', '(': ')'}[c])
		if end < 0 {
			return 0, malformed
		}
		if c == '(' {
			return end + 1, t.alternatives(rest[1:end])
		}
		j, ok := parseJump(rest[1:end])
		if !ok {
			return 0, malformed
		}
		t.pass(j)
		return end + 1, ""
	}
	if !isByte(rest) {
		return 0, malformed
	}
	if reason := t.land(); reason != "" {
		return 0, reason
	}
	t.known(rest[:2])
	return 2, t.full()
}

// pass adds a jump to the one that waits for the next byte.
func (t *translation) pass(j jump) {
	t.jump.least += j.least
	if j.most == endlessJump || t.jump.most == endlessJump {
		t.jump.most = endlessJump
		return
	}
	t.jump.most += j.most
}

// land writes the jump before the next byte.
func (t *translation) land() (reason string) {
	j := t.jump
	t.jump = jump{}
	switch {
	case j == jump{}:
		return ""
	case len(t.tokens) == 0 && (t.floating || j.least == j.most):
		return t.anything(j.least)
	case len(t.tokens) == 0:
		return edgeJump
	}
	t.run = 0
	t.tokens = append(t.tokens, j.String())
	if j.most != endlessJump && j.most <= chained {
		return ""
	}
	return t.part()
}

// anything writes bytes of any value at an edge of the rule, where YARA has no jumps.
func (t *translation) anything(n int) (reason string) {
	if n > maxEdge {
		return edgeJump
	}
	t.run = 0
	for range n {
		t.tokens = append(t.tokens, "??")
	}
	return ""
}

// part ends a part that YARA looks for on its own.
func (t *translation) part() (reason string) {
	if t.longest < leastFixed {
		return tooFewFixed
	}
	t.run, t.longest = 0, 0
	return ""
}

func (t *translation) known(b string) {
	t.tokens = append(t.tokens, strings.ToLower(b))
	if strings.Contains(b, "?") {
		t.run = 0
		return
	}
	t.run++
	t.longest = max(t.longest, t.run)
}

func (t *translation) full() (reason string) {
	if len(t.tokens) > maxTokens {
		return tooLong
	}
	return ""
}

// alternatives writes "aa|bbcc" as "( aa | bb cc )".
func (t *translation) alternatives(inner string) (reason string) {
	switch {
	case inner == "B" || inner == "L" || inner == "W":
		return boundary
	case strings.Contains(inner, "("):
		return nested
	}
	if reason := t.land(); reason != "" {
		return reason
	}
	t.run = 0
	tokens := []string{"("}
	choices := strings.Split(inner, "|")
	for i, choice := range choices {
		if choice == "" || len(choice)%2 != 0 {
			return malformed
		}
		if i > 0 {
			tokens = append(tokens, "|")
		}
		for ; choice != ""; choice = choice[2:] {
			if !isByte(choice) {
				return malformed
			}
			tokens = append(tokens, strings.ToLower(choice[:2]))
		}
	}
	t.tokens = append(t.tokens, append(tokens, ")")...)
	if t.splits += len(choices) - 1; t.splits > maxSplits {
		return tooManyChoices
	}
	return t.full()
}

// end returns the bytes of YARA.
func (t *translation) end() (yara, reason string) {
	if reason := t.anything(t.jump.least); reason != "" {
		return "", reason
	}
	if reason := t.part(); reason != "" {
		return "", reason
	}
	return strings.Join(t.tokens, " "), t.full()
}

// String is the jump in YARA.
func (j jump) String() string {
	least := strconv.Itoa(j.least)
	switch j.most {
	case j.least:
		return "[" + least + "]"
	case endlessJump:
		return "[" + least + "-]"
	}
	return "[" + least + "-" + strconv.Itoa(j.most) + "]"
}

// parseJump reads what stands in braces: "n", "-n", "n-", "n-m".
func parseJump(s string) (jump, bool) {
	const limit = 1 << 24
	low, high, isRange := strings.Cut(s, "-")
	least, ok := number(low)
	if !isRange {
		return jump{least, least}, ok && least < limit
	}
	if low == "" {
		least, ok = 0, high != ""
	}
	most := endlessJump
	if high != "" {
		n, isNumber := number(high)
		most, ok = n, ok && isNumber && n >= least && n < limit
	}
	return jump{least, most}, ok && least < limit
}

// isByte reports whether s begins with two digits, each of which may be "?".
func isByte(s string) bool {
	const digits = "0123456789abcdefABCDEF?"
	return len(s) >= 2 && strings.IndexByte(digits, s[0]) >= 0 && strings.IndexByte(digits, s[1]) >= 0
}
