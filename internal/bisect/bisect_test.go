package bisect

import (
	"context"
	"errors"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// series reads states: g good, b bad, ? unknown.
func series(text string) []State {
	var states []State
	for _, c := range text {
		states = append(states, map[rune]State{'g': Good, 'b': Bad, '?': Unknown}[c])
	}
	return states
}

// counting judges a series, and fails when one is looked at twice.
func counting(t *testing.T, states []State) func(context.Context, int) (State, error) {
	seen := map[int]bool{}
	return func(_ context.Context, i int) (State, error) {
		if seen[i] {
			t.Errorf("%d was judged twice", i)
		}
		seen[i] = true
		return states[i], nil
	}
}

func TestSearch(t *testing.T) {
	for name, c := range map[string]struct {
		series    string
		kind      Kind
		good, bad int
		judged    int
		flips     int
	}{
		"the change in the middle":                 {"gggbbb", Found, 2, 3, 4, 1},
		"only the last is bad":                     {"gggggggb", Found, 6, 7, 5, 1},
		"only the first is good":                   {"gbbbbbbb", Found, 0, 1, 4, 1},
		"two":                                      {"gb", Found, 0, 1, 2, 1},
		"one that is bad":                          {"b", Always, -1, 0, 1, 0},
		"one that is good":                         {"g", Never, 0, -1, 1, 0},
		"one of which nobody knows":                {"?", Undecided, -1, -1, 1, 0},
		"all bad":                                  {"bbbb", Always, -1, 0, 2, 0},
		"mended in between":                        {"bbgg", Always, -1, 0, 2, 1},
		"never bad at the ends":                    {"ggbbgg", Never, 5, -1, 2, 0},
		"those at the change cannot be judged":     {"gg???bb", Between, 1, 5, 7, 1},
		"the middle cannot be judged":              {"gggg?bbbb", Between, 3, 5, 5, 1},
		"an unknown one besides the change":        {"gg?gbb", Found, 3, 4, 6, 1},
		"the first cannot be judged":               {"?gggbbb", Found, 3, 4, 5, 1},
		"the last cannot be judged":                {"gggbbb?", Found, 2, 3, 5, 1},
		"the last cannot be judged, none is bad":   {"ggg?", Undecided, 2, -1, 3, 0},
		"the first cannot be judged, none is good": {"?bbb", Undecided, -1, 1, 3, 0},
		"nothing can be judged":                    {"????", Undecided, -1, -1, 4, 0},
		"only one can be judged":                   {"??g?", Undecided, 2, -1, 4, 0},
	} {
		states := series(c.series)
		r, err := Search(t.Context(), len(states), counting(t, states))
		if err != nil || r.Kind != c.kind || r.LastGood != c.good || r.FirstBad != c.bad || r.Judged != c.judged || len(r.Flips) != c.flips {
			t.Errorf("%s: %+v %v, want %+v", name, r, err, c)
		}
	}
}

func TestSumOfAll(t *testing.T) {
	for text, c := range map[string]struct {
		kind  Kind
		flips []int
	}{
		"ggbb": {Found, []int{2}}, "ggbbggb": {Found, []int{2, 4, 6}}, "gg?bb": {Between, []int{3}}, "gg?gg": {Undecided, nil}, "gggg": {Never, nil},
		"bggb": {Always, []int{1, 3}}, "g?b?g": {Between, []int{2, 4}}, "??": {Undecided, nil},
	} {
		if r := Sum(series(text)); r.Kind != c.kind || !slices.Equal(r.Flips, c.flips) || r.Judged != len(text) {
			t.Errorf("%s: %+v", text, r)
		}
	}
}

// TestSearchAgainstAScan holds random series, that go from good to bad once, against what looking at each of them says.
func TestSearchAgainstAScan(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	for range 2000 {
		n := 1 + random.IntN(80)
		states, change := make([]State, n), random.IntN(n+1)
		share := []float64{0, 0.1, 0.5, 0.95}[random.IntN(4)]
		for i := range states {
			states[i] = Good
			if i >= change {
				states[i] = Bad
			}
			if random.Float64() < share {
				states[i] = Unknown
			}
		}
		got, err := Search(t.Context(), n, counting(t, states))
		if err != nil {
			t.Fatal(err)
		}
		want := Sum(states)
		// where no bad one can be judged, or no good one, the search need not look between
		if want.FirstBad >= 0 && want.LastGood >= 0 && (got.Kind != want.Kind || got.LastGood != want.LastGood || got.FirstBad != want.FirstBad) {
			t.Errorf("%v: %+v, want %+v", states, got, want)
		}
		if (want.FirstBad < 0) != (got.FirstBad < 0) || (want.LastGood < 0) != (got.LastGood < 0) {
			t.Errorf("%v: %+v, want %+v", states, got, want)
		}
		unknown := 0
		for _, st := range got.States {
			if st == Unknown {
				unknown++
			}
		}
		if most := 2 + bits.Len(uint(n)) + 2*unknown; got.Judged > most { // one that cannot be judged makes the halves uneven, too
			t.Errorf("%v: %d were judged, want at most %d", states, got.Judged, most)
		}
	}
}

// TestSearchFindsAChange: in a series that goes to and fro, what is found is a change, with nothing between that can be judged.
func TestSearchFindsAChange(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 5))
	for range 2000 {
		states := make([]State, 2+random.IntN(40))
		for i := range states {
			states[i] = []State{Good, Bad, Unknown}[random.IntN(3)]
		}
		states[0], states[len(states)-1] = Good, Bad
		r, err := Search(t.Context(), len(states), counting(t, states))
		if err != nil || r.LastGood < 0 || states[r.LastGood] != Good || states[r.FirstBad] != Bad {
			t.Fatalf("%v: %+v %v", states, r, err)
		}
		for i := r.LastGood + 1; i < r.FirstBad; i++ {
			if states[i] != Unknown {
				t.Errorf("%v: %+v, and %d can be judged", states, r, i)
			}
		}
	}
}

func TestSearchEndsWithAnError(t *testing.T) {
	wrong, calls := errors.New("wrong"), 0
	_, err := Search(t.Context(), 100, func(context.Context, int) (State, error) {
		if calls++; calls > 3 {
			return Unknown, wrong
		}
		return series(strings.Repeat("g", 1) + "b" + "g")[calls-1], nil
	})
	if !errors.Is(err, wrong) || calls != 4 {
		t.Errorf("%v after %d calls", err, calls)
	}
}
