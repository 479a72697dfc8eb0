package parts

import (
	"regexp"
	"strings"
)

// series is how the parts of a disk are called: a prefix, and behind it digits or letters that count.
type series struct {
	prefix string
	digits string // of the system of numerals, in their order
	width  int    // digits of a number
	start  int    // number of the first part
	// widening is how split counts without -a: before the last first digit is used up the numbers get longer, "yz" is followed by "zaaa".
	widening bool
}

const (
	decimal = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyz"
)

// partName is a name that split, or a program that knows ".001", gives to a part.
var partName = regexp.MustCompile(`^(.*part|x|.*[._-])([0-9]{2,6}|[a-z]{2,6})$`)

// seriesOf returns the series that a file is in by its name, and its number in it. It returns false for every other name.
func seriesOf(name string) (s series, number int, ok bool) {
	m := partName.FindStringSubmatch(name)
	if m == nil {
		return s, 0, false
	}
	s = series{prefix: m[1], digits: letters, width: len(m[2])}
	if strings.Contains(decimal, m[2][:1]) {
		s.digits = decimal
	}
	for _, c := range m[2] {
		number = number*len(s.digits) + strings.IndexRune(s.digits, c)
	}
	return s, number, true
}

// numbered is the name with a number.
func (s series) numbered(n int) string {
	b := make([]byte, s.width)
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = s.digits[n%len(s.digits)]
		n /= len(s.digits)
	}
	return s.prefix + string(b)
}

// part is the name of the part at an index, counted from 0. It is "" where the digits do not reach so far.
func (s series) part(i int) string {
	if !s.widening {
		most := 1
		for range s.width {
			most *= len(s.digits)
		}
		if s.start+i >= most {
			return ""
		}
		return s.numbered(s.start + i)
	}
	last := s.digits[len(s.digits)-1:]
	for {
		most := len(s.digits) - 1
		for range s.width - 1 {
			most *= len(s.digits)
		}
		if i < most {
			return s.numbered(i)
		}
		i -= most
		s.prefix, s.width = s.prefix+last, s.width+1
	}
}

// wider is the series in which the numbers get longer, as they do without split -a.
func (s series) wider() series {
	s.widening = true
	return s
}

// widened is the first name that tells such a series from one whose numbers stay as they are.
func (s series) widened() string {
	last := s.digits[len(s.digits)-1:]
	return s.prefix + last + strings.Repeat(s.digits[:1], s.width+1)
}
