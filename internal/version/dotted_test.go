package version

import "testing"

func TestDotted(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"1", "1.0.0", 0},
		{"23.01", "23.1", 0},
		{"9.0", "10.0", -1},
		{"1.2.3", "1.2", 1},
		{"10.0.20348.2227", "10.0.20348.169", 1},
		{"99999999999999999999", "100000000000000000000", -1},
		{"0", "0.0.1", -1},
	} {
		for _, turn := range []struct {
			a, b string
			want int
		}{{c.a, c.b, c.want}, {c.b, c.a, -c.want}} {
			if got, err := Dotted(turn.a, turn.b); got != turn.want || err != nil {
				t.Errorf("%s against %s: got %d, %v, want %d", turn.a, turn.b, got, err, turn.want)
			}
		}
	}
	for _, s := range []string{"", "1.", ".1", "1.2-beta", "v1", "1 2", "1.2\n"} {
		if _, err := Dotted(s, "1"); err == nil {
			t.Errorf("%q has a place in the order, want an error", s)
		}
	}
}
