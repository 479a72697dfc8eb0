package version

import (
	"cmp"
	"fmt"
	"strings"
)

// Dotted compares numbers with dots between them, as programs of Windows have them: "23.01.00.0". A number that one of them lacks is 0. A
// version of another form has no place in the order.
func Dotted(got, want string) (int, error) {
	a, err := dotted(got)
	if err != nil {
		return 0, err
	}
	b, err := dotted(want)
	if err != nil {
		return 0, err
	}
	for i := range max(len(a), len(b)) {
		if c := compareDigits(at(a, i), at(b, i)); c != 0 {
			return c, nil
		}
	}
	return 0, nil
}

func dotted(s string) ([]string, error) {
	if len(s) > maxLength {
		return nil, fmt.Errorf("version of %d bytes, want at most %d", len(s), maxLength)
	}
	parts := strings.Split(s, ".")
	for i, p := range parts {
		if p == "" || strings.Trim(p, "0123456789") != "" {
			return nil, fmt.Errorf("version %q: want numbers with dots between them", s)
		}
		parts[i] = strings.TrimLeft(p, "0")
	}
	return parts, nil
}

func at(parts []string, i int) string {
	if i < len(parts) {
		return parts[i]
	}
	return ""
}

// compareDigits compares numbers without zeros before them, however long they are.
func compareDigits(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }
