package policy

import (
	"cmp"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/internal/version"
)

// constraint is a set of versions: ">=9.4", "!=5.14.0-70*", ">=1.2, <2". All of its terms must hold.
type constraint struct {
	text  string
	terms []term
}

type term struct{ op, version string }

func parseConstraint(text string) (constraint, error) {
	c := constraint{text: strings.TrimSpace(text)}
	for one := range strings.SplitSeq(c.text, ",") {
		one = strings.TrimSpace(one)
		version := strings.TrimLeft(one, "<>=!")
		t := term{op: one[:len(one)-len(version)], version: strings.TrimSpace(version)}
		switch t.op {
		case "", "=":
			t.op = "=="
		case "==", "!=", ">=", "<=", ">", "<":
		default:
			return constraint{}, fmt.Errorf("%q is no comparison, want ==, !=, >=, <=, > or <", t.op)
		}
		switch {
		case t.version == "":
			return constraint{}, fmt.Errorf("%q names no version", text)
		case strings.ContainsAny(t.version, " \t\n<>=!?[\\"):
			return constraint{}, fmt.Errorf("%q is no version; several comparisons are separated by commas", t.version)
		case strings.Contains(t.version, "*") && t.op != "==" && t.op != "!=":
			return constraint{}, fmt.Errorf("%q: * can follow == and != only", text)
		}
		c.terms = append(c.terms, t)
	}
	return c, nil
}

// holds reports whether the version got is in the set. An error is a version that has no place in the order.
func (c constraint) holds(got string, order version.Order) (bool, error) {
	for _, t := range c.terms {
		n, err := t.compare(got, order)
		if err != nil {
			return false, err
		}
		ok := false
		switch t.op {
		case "==":
			ok = n == 0
		case "!=":
			ok = n != 0
		case ">=":
			ok = n >= 0
		case "<=":
			ok = n <= 0
		case ">":
			ok = n > 0
		case "<":
			ok = n < 0
		}
		if !ok {
			return false, nil
		}
	}
	return true, nil
}

func (t term) compare(got string, order version.Order) (int, error) {
	if !strings.Contains(t.version, "*") {
		return order(got, t.version)
	}
	// A pattern without an epoch is about the version proper: "5.14.0-70*" is meant for 1:5.14.0-70.1 too.
	if _, rest, ok := strings.Cut(got, ":"); ok && !strings.Contains(t.version, ":") {
		got = rest
	}
	if strings.Contains(got, "/") {
		return 0, fmt.Errorf("%q is no version", got)
	}
	ok, err := path.Match(t.version, got)
	if err != nil || !ok {
		return 1, err
	}
	return 0, nil
}

// releaseOrder compares the version of an operating system or a kernel as far as want is written: 9.4 and 9 are the same
// for want 9, and 5.14.0-427.el9 is 5.14. Numbers compare as numbers.
func releaseOrder(got, want string) (int, error) {
	have := releaseParts(got)
	for i, w := range releaseParts(want) {
		g := "0"
		if i < len(have) {
			g = have[i]
		}
		if c := compareParts(g, w); c != 0 {
			return c, nil
		}
	}
	return 0, nil
}

func releaseParts(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(".-+_~", r) })
}

func compareParts(got, want string) int {
	a, errA := strconv.ParseUint(got, 10, 64)
	b, errB := strconv.ParseUint(want, 10, 64)
	switch {
	case errA == nil && errB == nil:
		return cmp.Compare(a, b)
	case errA == nil:
		return 1 // a number is newer than a word: 6.1.0 is newer than 6.1.rc
	case errB == nil:
		return -1
	}
	return cmp.Compare(got, want)
}
