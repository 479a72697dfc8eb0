package version

import (
	"cmp"
	"fmt"
	"strings"
)

// RPM compares as rpm does for a dependency: the release counts only when both have one, and no epoch is epoch 0.
func RPM(got, want string) (int, error) { return compare(got, want, rpmSegments) }

// Pacman compares as vercmp(8) does: epoch:version-rel, where no epoch is epoch 0 and the release counts only when both
// have one.
func Pacman(got, want string) (int, error) { return compare(got, want, pacmanSegments) }

func compare(got, want string, segments func(a, b string) int) (int, error) {
	a, err := parse(got)
	if err != nil {
		return 0, err
	}
	b, err := parse(want)
	if err != nil {
		return 0, err
	}
	c := cmp.Or(segments(a.epoch, b.epoch), segments(a.version, b.version))
	if c == 0 && a.release != "" && b.release != "" {
		c = segments(a.release, b.release)
	}
	return c, nil
}

type parts struct{ epoch, version, release string }

func parse(s string) (parts, error) {
	if err := check(s, maxLength); err != nil {
		return parts{}, err
	}
	p := parts{epoch: "0", version: s}
	if epoch, rest, ok := strings.Cut(s, ":"); ok {
		if epoch == "" || strings.Trim(epoch, "0123456789") != "" {
			return parts{}, fmt.Errorf("version %q: epoch %q is no number", s, epoch)
		}
		p.epoch, p.version = epoch, rest
	}
	if i := strings.LastIndexByte(p.version, '-'); i >= 0 {
		p.version, p.release = p.version[:i], p.version[i+1:]
	}
	return p, nil
}

// rpmSegments compares the runs of digits and of letters in turn, as rpmvercmp does. What separates them does not count,
// save for ~, which sorts before the end of a version, and ^, which sorts after it and before anything else.
func rpmSegments(a, b string) int {
	separator := func(r rune) bool { return !isDigit(byte(r)) && !isLetter(byte(r)) && r != '~' && r != '^' }
	for a != "" || b != "" {
		a, b = strings.TrimLeftFunc(a, separator), strings.TrimLeftFunc(b, separator)
		switch tildeA, tildeB := strings.HasPrefix(a, "~"), strings.HasPrefix(b, "~"); {
		case tildeA && tildeB:
			a, b = a[1:], b[1:]
			continue
		case tildeA:
			return -1
		case tildeB:
			return 1
		}
		switch caretA, caretB := strings.HasPrefix(a, "^"), strings.HasPrefix(b, "^"); {
		case caretA && caretB:
			a, b = a[1:], b[1:]
			continue
		case caretA && b == "", caretB && a != "":
			return 1
		case caretA, caretB:
			return -1
		}
		if a == "" || b == "" {
			break
		}
		var c int
		if a, b, c = runs(a, b); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b)) // at most one of them is left
}

// pacmanSegments is like rpmSegments, and how long a separator is counts. At the end of one version the other is newer,
// unless it goes on with letters: 1.0 is newer than 1.0rc1 and older than 1.0.1.
func pacmanSegments(a, b string) int {
	gap := func(s string) int {
		return strings.IndexFunc(s+"0", func(r rune) bool { return isDigit(byte(r)) || isLetter(byte(r)) })
	}
	for a != "" && b != "" {
		gapA, gapB := gap(a), gap(b)
		a, b = a[gapA:], b[gapB:]
		if a == "" || b == "" {
			break
		}
		if gapA != gapB {
			return cmp.Compare(gapA, gapB)
		}
		var c int
		if a, b, c = runs(a, b); c != 0 {
			return c
		}
	}
	switch {
	case a == "" && b == "":
		return 0
	case a != "" && isLetter(a[0]), a == "" && !isLetter(b[0]):
		return -1
	}
	return 1
}

// runs compares the runs that a and b begin with and returns what follows them. Digits are newer than letters.
func runs(a, b string) (restA, restB string, c int) {
	number := isDigit(a[0])
	in := func(r rune) bool { return number && isDigit(byte(r)) || !number && isLetter(byte(r)) }
	restA, restB = strings.TrimLeftFunc(a, in), strings.TrimLeftFunc(b, in)
	a, b = a[:len(a)-len(restA)], b[:len(b)-len(restB)]
	switch {
	case b == "" && number:
		return "", "", 1
	case b == "":
		return "", "", -1
	case number:
		a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
		return restA, restB, cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	}
	return restA, restB, strings.Compare(a, b)
}
