package agent

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a time span that is written as a person says it: "90s", "45m", "26h", "30d", "2w".
type Duration time.Duration

const day = 24 * time.Hour

// ParseDuration reads a Duration that is not negative.
func ParseDuration(text string) (Duration, error) {
	for suffix, unit := range map[string]time.Duration{"d": day, "w": 7 * day} {
		if number, ok := strings.CutSuffix(text, suffix); ok {
			n, err := strconv.Atoi(number)
			if err != nil || n < 0 || n > 36500 {
				return 0, fmt.Errorf("%q is no duration: want such as 45m, 26h or 30d", text)
			}
			return Duration(time.Duration(n) * unit), nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no duration: want such as 45m, 26h or 30d", text)
	}
	return Duration(d), nil
}

// String writes the largest unit that is whole.
func (d Duration) String() string {
	t := time.Duration(d)
	switch {
	case t == 0:
		return "0s"
	case t%day == 0:
		return fmt.Sprintf("%dd", t/day)
	case t%time.Hour == 0:
		return fmt.Sprintf("%dh", t/time.Hour)
	case t%time.Minute == 0:
		return fmt.Sprintf("%dm", t/time.Minute)
	}
	return t.String()
}

// MarshalText is String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDuration.
func (d *Duration) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDuration(string(b))
	return err
}
