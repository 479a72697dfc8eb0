package schedule

import (
	"strings"
	"testing"
	"time"
)

const layout = "Mon 2006-01-02 15:04 MST"

func berlin(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// next returns the n times after from, one a line.
func next(t *testing.T, text string, zone *time.Location, from time.Time, n int) string {
	t.Helper()
	s, err := Parse(text, zone)
	if err != nil {
		t.Fatal(err)
	}
	var times []string
	for range n {
		from = s.Next(from)
		times = append(times, from.Format(layout))
	}
	return strings.Join(times, "\n")
}

func TestWords(t *testing.T) {
	from := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) // a Saturday
	for text, want := range map[string]string{
		"hourly":                         "Sat 2026-11-28 12:17 UTC",
		"daily":                          "Sun 2026-11-29 03:17 UTC",
		"nightly at 23:05":               "Sat 2026-11-28 23:05 UTC",
		"daily 02:00":                    "Sun 2026-11-29 02:00 UTC",
		"Weekly":                         "Sun 2026-11-29 03:17 UTC",
		"weekly mon":                     "Mon 2026-11-30 03:17 UTC",
		"weekly on wednesday 04:30":      "Wed 2026-12-02 04:30 UTC",
		"tue,thu 06:00":                  "Tue 2026-12-01 06:00 UTC",
		"weekdays 07:30":                 "Mon 2026-11-30 07:30 UTC",
		"monthly":                        "Tue 2026-12-01 03:17 UTC",
		"monthly 15 05:00":               "Tue 2026-12-15 05:00 UTC",
		"yearly":                         "Fri 2027-01-01 03:17 UTC",
		"@daily":                         "Sun 2026-11-29 00:00 UTC",
		"@weekly":                        "Sun 2026-11-29 00:00 UTC",
		"@every 6h":                      "Sat 2026-11-28 18:00 UTC",
		"every 90m":                      "Sat 2026-11-28 13:30 UTC",
		"0 2 * * 7":                      "Sun 2026-11-29 02:00 UTC",
		"0 2 * * 5-7":                    "Sun 2026-11-29 02:00 UTC",
		"*/15  12  * * *":                "Sat 2026-11-28 12:15 UTC",
		"TZ=Asia/Tokyo 0 2 * * *":        "Sun 2026-11-29 02:00 JST",
		"CRON_TZ=Asia/Tokyo daily 02:00": "Sun 2026-11-29 02:00 JST",
		"0 0 29 2 *":                     "Tue 2028-02-29 00:00 UTC",
	} {
		if got := next(t, text, time.UTC, from, 1); got != want {
			t.Errorf("%q is next at %s, want %s", text, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "empty",
		"0 0 31 2 *":            "no such day",
		"@every 0s":             "too often",
		"@every 59s":            "too often",
		"@every soon":           "no duration",
		"@every -6h":            "too often",
		"daily 25:00":           "no time of day",
		"daily 2:5":             "no time of day",
		"daily 02:00 please":    `"please"`,
		"dayly":                 "did you mean daily?",
		"* * * *":               "five fields",
		"0 2 * * * *":           "five fields",
		"61 * * * *":            "61",
		"TZ=0":                  "no time",
		"TZ=0 0 2 * * *":        `time zone "0"`,
		"TZ= 0 2 * * *":         "zone",
		"TZ=../etc/x * * * * *": "time zone",
		"weekly someday 02:00":  `"someday"`,
		"0 2 * * 8":             "8",
	} {
		if s, err := Parse(text, time.UTC); err == nil {
			t.Errorf("%q is taken for %s", text, s.Next(time.Unix(0, 0)))
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want something with %q", text, err, want)
		}
	}
}

func TestDoubtful(t *testing.T) {
	for text, want := range map[string]int{
		"*/90 * * * *": 1, "*/7 * * * *": 1, "*/15 * * * *": 0, "0 */5 * * *": 1, "0 */6 * * *": 0, "0 0 13 * 5": 1,
	} {
		s, err := Parse(text, time.UTC)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if len(s.Warnings) != want {
			t.Errorf("%q warns of %q, want %d", text, s.Warnings, want)
		}
	}
}

// TestSummerTime runs over the two changes of 2026 in Berlin: at 02:00 on March 29 it is 03:00, and at 03:00 on October 25 it is 02:00.
func TestSummerTime(t *testing.T) {
	zone := berlin(t)
	spring := time.Date(2026, 3, 28, 12, 0, 0, 0, zone)
	autumn := time.Date(2026, 10, 24, 12, 0, 0, 0, zone)
	for name, c := range map[string]struct {
		text string
		from time.Time
		want string
	}{
		"an hour that is left out":  {"30 2 * * *", spring, "Sun 2026-03-29 03:00 CEST\nMon 2026-03-30 02:30 CEST"},
		"many times in it run once": {"*/10 2 * * *", spring, "Sun 2026-03-29 03:00 CEST\nMon 2026-03-30 02:00 CEST"},
		"after it":                  {"0 4 * * *", spring, "Sun 2026-03-29 04:00 CEST\nMon 2026-03-30 04:00 CEST"},
		"an hour that comes twice":  {"30 2 * * *", autumn, "Sun 2026-10-25 02:30 CEST\nMon 2026-10-26 02:30 CET"},
		"every hour of that night": {
			"0 * * * *", time.Date(2026, 10, 25, 1, 30, 0, 0, zone),
			"Sun 2026-10-25 02:00 CEST\nSun 2026-10-25 02:00 CET\nSun 2026-10-25 03:00 CET",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := next(t, c.text, zone, c.from, strings.Count(c.want, "\n")+1); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestLatest(t *testing.T) {
	s, err := Parse("daily 02:00", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for since, want := range map[time.Time]string{
		now.Add(-time.Hour):                  "",
		now.Add(-26 * time.Hour):             "2026-11-28T02:00",
		now.Add(-30 * 24 * time.Hour):        "2026-11-28T02:00",
		now.Add(-100 * 365 * 24 * time.Hour): "2026-11-28T02:00",
		now.Add(time.Hour):                   "",
	} {
		got := ""
		if at := s.Latest(since, now); !at.IsZero() {
			got = at.Format("2006-01-02T15:04")
		}
		if got != want {
			t.Errorf("since %s: %q, want %q", since, got, want)
		}
	}
}

func TestJitter(t *testing.T) {
	seen := map[time.Duration]bool{}
	for _, name := range []string{"a", "b", "c", "web", "db"} {
		d := Jitter(name, time.Hour)
		if d < 0 || d >= time.Hour || d != Jitter(name, time.Hour) {
			t.Errorf("%s: %s", name, d)
		}
		seen[d] = true
	}
	if len(seen) < 4 || Jitter("a", 0) != 0 {
		t.Errorf("%v", seen)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"daily 02:00", "TZ=0 * * * * *", "0 0 31 2 *", "*/90 * * * 7", "weekly mon,tue", "@every 6h", "1-7,9/0 * * * 5-7"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text, time.UTC)
		if err != nil {
			return
		}
		if at := s.Next(now); !at.IsZero() && !at.After(now) {
			t.Errorf("%q is next at %s, which is not after %s", text, at, now)
		}
	})
}
