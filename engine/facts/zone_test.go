package facts

import "testing"

func TestCanonicalZone(t *testing.T) {
	for _, c := range []struct {
		name, want string
		known      bool
	}{
		{"UTC", "UTC", true},
		{"Etc/UTC", "UTC", true},
		{"UCT", "UTC", true},
		{"Etc/UCT", "UTC", true},
		{"Zulu", "UTC", true},
		{"Etc/Zulu", "UTC", true},
		{"Universal", "UTC", true},
		{"Etc/Universal", "UTC", true},
		{"posix/Etc/UTC", "UTC", true},
		{"GMT", "GMT", true},
		{"Etc/GMT", "GMT", true},
		{"GMT0", "GMT", true},
		{"GMT+0", "GMT", true},
		{"Etc/GMT-0", "GMT", true},
		{"Greenwich", "GMT", true},
		{"Etc/GMT+1", "Etc/GMT+1", true},
		{"Europe/Paris", "Europe/Paris", true},
		{"US/Eastern", "America/New_York", true},
		{"Asia/Calcutta", "Asia/Kolkata", true},
		{"Africa/Abidjan", "Africa/Abidjan", true}, // the first line
		{"right/Etc/UTC", "right/Etc/UTC", false},  // counts leap seconds: another zone
		{"Mars/Olympus", "Mars/Olympus", false},    //
		{"utc", "utc", false},                      // names are file names
		{"", "", false},                            //
		{"US/Eastern America", "US/Eastern America", false},
		{"# Made", "# Made", false},
	} {
		if got, known := CanonicalZone(c.name); got != c.want || known != c.known {
			t.Errorf("CanonicalZone(%q) = %q, %v, want %q, %v", c.name, got, known, c.want, c.known)
		}
	}
}
