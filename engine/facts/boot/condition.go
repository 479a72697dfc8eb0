package boot

import "strings"

const maxTest = 64 // words of one condition

// truth is the answer of a condition.
type truth int

const (
	unknown truth = iota
	yes
	no
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

// condition runs the branch that GRUB takes. Where that cannot be told, it looks at this one and those after it.
func (m *machine) condition(c command) error {
	doubts := 0
	defer func() { m.unsure -= doubts }()
	if c.unsure {
		m.unsure++
		doubts++
	}
	for _, b := range c.branches {
		t := m.holds(b.condition)
		if t == no {
			continue
		}
		if t == unknown {
			m.unsure++
			doubts++
		}
		if err := m.run(b.body); err != nil || t == yes {
			return err
		}
	}
	return nil
}

// holds tells a condition; an empty one is else.
func (m *machine) holds(list []command) truth {
	if len(list) == 0 {
		return yes
	}
	last := list[len(list)-1]
	if last.branches != nil {
		return unknown
	}
	words, isUnknown := m.expand(last.words)
	negated := false
	for len(words) > 0 && words[0] == "!" {
		words, negated = words[1:], !negated
	}
	t := unknown
	switch {
	case len(words) == 0:
	case words[0] == "true":
		t = yes
	case words[0] == "false":
		t = no
	case isUnknown:
	case words[0] == "test":
		t = m.test(words[1:])
	case words[0] == "[" && words[len(words)-1] == "]":
		t = m.test(words[1 : len(words)-1])
	}
	if negated {
		return t.not()
	}
	return t
}

// test is the command of that name (GNU GRUB manual 2.12, section 16.3.83), without parentheses.
func (m *machine) test(words []string) truth {
	if len(words) > maxTest {
		return unknown
	}
	if i := find(words, "-o"); i >= 0 {
		a, b := m.test(words[:i]), m.test(words[i+1:])
		switch {
		case a == yes || b == yes:
			return yes
		case a == no && b == no:
			return no
		}
		return unknown
	}
	if i := find(words, "-a"); i >= 0 {
		a, b := m.test(words[:i]), m.test(words[i+1:])
		switch {
		case a == no || b == no:
			return no
		case a == yes && b == yes:
			return yes
		}
		return unknown
	}
	if len(words) > 1 && words[0] == "!" {
		return m.test(words[1:]).not()
	}
	switch len(words) {
	case 0:
		return no
	case 1:
		return truthOf(words[0] != "")
	case 2:
		return m.unary(words[0], words[1])
	case 3:
		switch words[1] {
		case "=", "==":
			return truthOf(words[0] == words[2])
		case "!=":
			return truthOf(words[0] != words[2])
		}
	}
	return unknown
}

func (m *machine) unary(op, arg string) truth {
	switch op {
	case "-z":
		return truthOf(arg == "")
	case "-n":
		return truthOf(arg != "")
	case "-e", "-f", "-s", "-d":
		if arg == "" {
			return no
		}
		o, err := m.s.Guest.Stat(m.file(arg))
		switch {
		case err != nil:
			return absentOr(err)
		case op == "-d":
			return truthOf(o.IsDir())
		case op == "-s":
			return truthOf(o.Size > 0)
		}
		return truthOf(op == "-e" || !o.IsDir())
	}
	return unknown
}

// find returns the index of an operator between two operands.
func find(words []string, op string) int {
	for i, w := range words {
		if w == op && i > 0 && i < len(words)-1 && !strings.HasPrefix(words[i-1], "-") {
			return i
		}
	}
	return -1
}
