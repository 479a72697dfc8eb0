package facts

import "strings"

// ParseBool reads a truth value as systemd does (systemd.syntax(7)): in any case, 1, yes, y, true, t, on, and 0, no, n,
// false, f, off. Anything else is not ok.
func ParseBool(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "1", "yes", "y", "true", "t", "on":
		return true, true
	case "0", "no", "n", "false", "f", "off":
		return false, true
	}
	return false, false
}
