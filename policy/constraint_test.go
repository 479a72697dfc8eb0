package policy_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/policy"
)

// TestDpkgOrder compares with what dpkg --compare-versions said (testdata/versions.sh).
func TestDpkgOrder(t *testing.T) {
	b, err := os.ReadFile("testdata/versions.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		want, err := strconv.Atoi(f[2])
		if err != nil {
			t.Fatal(err)
		}
		if got, err := policy.DpkgOrder(f[0], f[1]); err != nil || got != want {
			t.Errorf("%s and %s: %d, %v, want %d", f[0], f[1], got, err, want)
		}
		rows++
	}
	if rows < 1000 {
		t.Errorf("%d rows of truth", rows)
	}
}

func TestVersionsWithoutAPlaceInTheOrder(t *testing.T) {
	for _, v := range []string{
		"", "a", "1:", "x:1", "-1:1", "1 2", "1\x00", "é", "1é", "1²", strings.Repeat("9", 40), "99999999999999999999:1", "1.0-9999999999999999999",
	} {
		if n, err := policy.DpkgOrder(v, "1"); err == nil {
			t.Errorf("%q has a place: %d", v, n)
		}
	}
}

func TestReleaseOrder(t *testing.T) {
	for _, c := range []struct {
		got, want string
		n         int
	}{
		{"9.4", "9", 0},
		{"9.4", "9.4", 0},
		{"9", "9.4", -1},
		{"9.10", "9.9", 1},
		{"12", "11", 1},
		{"22.04", "22.4", 0},
		{"5.14.0-427.el9.x86_64", "5.14", 0},
		{"5.14.0-427.el9.x86_64", "5.14.0-70", 1},
		{"6.1.0-18-amd64", "6.1.0-18", 0},
		{"6.1.0-18-amd64", "6.1.0-18-cloud", -1},
		{"6.1.0-rc1", "6.1.0-1", -1},
		{"", "1", -1},
		{"", "0", 0},
		{"18446744073709551616", "1", -1}, // no number that fits: a word
	} {
		if n, err := policy.ReleaseOrder(c.got, c.want); err != nil || n != c.n {
			t.Errorf("%q and %q: %d, %v, want %d", c.got, c.want, n, err, c.n)
		}
	}
}
