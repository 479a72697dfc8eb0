package schedule

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/internal/nearest"
)

// words is how the words look, for messages.
const words = `"hourly", "daily 02:00", "weekly mon 04:30", "monthly 1 05:00"`

// usual is the time of day of a word without one: not at midnight, when everything else runs.
const usual = "17 3"

// days are the names of the days of the week, by the first three letters.
var days = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// translate makes five fields of cron, or "@every ...", of the words of a person.
func translate(spec string) (string, error) {
	fields := strings.Fields(strings.ToLower(spec))
	if len(fields) == 0 {
		return "", fmt.Errorf("it is empty: want such as %s", words)
	}
	rest := fields[1:]
	switch word := fields[0]; word {
	case "@every":
		return strings.Join(fields, " "), nil
	case "every":
		return "@every " + strings.Join(rest, ""), nil
	case "hourly":
		return "17 * * * *", none(word, rest)
	case "daily", "nightly":
		at, rest, err := clock(rest)
		return at + " * * *", either(err, none(word, rest))
	case "weekly":
		on, rest := weekdays(rest, "0")
		at, rest, err := clock(rest)
		return at + " * * " + on, either(err, none(word, rest))
	case "monthly":
		day := "1"
		if len(rest) > 0 && !strings.Contains(rest[0], ":") {
			day, rest = rest[0], rest[1:]
		}
		at, rest, err := clock(rest)
		return at + " " + day + " * *", either(err, none(word, rest))
	case "yearly", "annually":
		at, rest, err := clock(rest)
		return at + " 1 1 *", either(err, none(word, rest))
	case "weekdays":
		at, rest, err := clock(rest)
		return at + " * * 1-5", either(err, none(word, rest))
	case "@hourly":
		return "0 * * * *", none(word, rest)
	case "@daily", "@midnight":
		return "0 0 * * *", none(word, rest)
	case "@weekly":
		return "0 0 * * 0", none(word, rest)
	case "@monthly":
		return "0 0 1 * *", none(word, rest)
	case "@yearly", "@annually":
		return "0 0 1 1 *", none(word, rest)
	}
	if on, rest := weekdays(fields, ""); on != "" {
		at, rest, err := clock(rest)
		return at + " * * " + on, either(err, none(fields[0], rest))
	}
	if len(fields) != 5 {
		known := []string{"hourly", "daily", "nightly", "weekly", "weekdays", "monthly", "yearly", "@every"}
		if near := nearest.Word(fields[0], known); near != "" {
			return "", fmt.Errorf("unknown word %q, did you mean %s?", fields[0], near)
		}
	}
	return strings.Join(fields, " "), nil
}

// clock reads a time of day: "02:00".
func clock(fields []string) (at string, rest []string, err error) {
	if len(fields) > 0 && fields[0] == "at" {
		fields = fields[1:]
	}
	if len(fields) == 0 {
		return usual, nil, nil
	}
	h, m, ok := strings.Cut(fields[0], ":")
	hour, herr := strconv.Atoi(h)
	minute, merr := strconv.Atoi(m)
	if !ok || herr != nil || merr != nil || len(m) != 2 || hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return "", nil, fmt.Errorf("%q is no time of day: want such as 02:00", fields[0])
	}
	return fmt.Sprintf("%d %d", minute, hour), fields[1:], nil
}

// weekdays reads days of the week: "mon,thu", "monday".
func weekdays(fields []string, otherwise string) (on string, rest []string) {
	if len(fields) > 0 && fields[0] == "on" {
		fields = fields[1:]
	}
	if len(fields) == 0 {
		return otherwise, fields
	}
	var numbers []string
	for name := range strings.SplitSeq(fields[0], ",") {
		n := -1
		for i, d := range days {
			if strings.HasPrefix(name, d) && strings.HasPrefix(fullDays[i], name) {
				n = i
			}
		}
		if n < 0 {
			return otherwise, fields
		}
		numbers = append(numbers, strconv.Itoa(n))
	}
	return strings.Join(numbers, ","), fields[1:]
}

var fullDays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func none(word string, rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("%q after %q means nothing here: want such as %s", strings.Join(rest, " "), word, words)
	}
	return nil
}

func either(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
