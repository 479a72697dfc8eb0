// Package bisect finds in a series the last that is good and the first that is bad, and looks at as few as it can.
//
// Some cannot be judged: then their neighbours are, and when none is left between a good one and a bad one, the change lies somewhere
// between these two, and that is what is said.
package bisect

import (
	"context"
	"slices"
)

// State is what one of the series is.
type State int

// The states.
const (
	Unjudged State = iota
	Good
	Bad
	Unknown // it was looked at, and cannot be judged
)

// Kind is what a search came to.
type Kind string

// The kinds.
const (
	Found     Kind = "found"     // FirstBad follows LastGood
	Between   Kind = "between"   // those between LastGood and FirstBad cannot be judged
	Always    Kind = "always"    // the first is bad
	Never     Kind = "never"     // no bad one was seen, and the first and the last are good
	Undecided Kind = "undecided" // too little can be judged
)

// Result is what was found. An index is -1 where there is none.
type Result struct {
	Kind     Kind
	LastGood int
	FirstBad int
	States   []State // of each of the series
	Judged   int     // how many were looked at
	// Flips are those whose state is another than that of the one before them that is known. More than one says that the series does not go
	// from good to bad once: the search then found one of the changes.
	Flips []int
}

// Search looks at some of a series of n, which is not empty, the oldest first.
func Search(ctx context.Context, n int, judge func(ctx context.Context, i int) (State, error)) (Result, error) {
	s := &search{ctx: ctx, judge: judge, states: make([]State, n)}
	// the ends, or what is nearest to them and can be judged
	first := s.first()
	last := s.last(first)
	if s.err == nil && last > first && s.states[first] == Good && s.states[last] == Bad {
		s.narrow(first, last)
	}
	return Sum(s.states), s.err
}

// Sum says what states come to, of which those that are needed are known.
func Sum(states []State) Result {
	r := Result{LastGood: -1, FirstBad: slices.Index(states, Bad), States: states}
	before := Unjudged
	for i, st := range states {
		if st != Unjudged {
			r.Judged++
		}
		if st != Good && st != Bad {
			continue
		}
		if before != Unjudged && st != before {
			r.Flips = append(r.Flips, i)
		}
		before = st
	}
	for i, st := range states {
		if i == r.FirstBad {
			break
		}
		if st == Good {
			r.LastGood = i
		}
	}
	r.Kind = kindOf(r)
	return r
}

func kindOf(r Result) Kind {
	n := len(r.States)
	switch {
	case r.FirstBad == 0:
		return Always
	case r.FirstBad > 0 && r.LastGood == r.FirstBad-1:
		return Found
	case r.FirstBad > 0 && r.LastGood >= 0:
		return Between
	case r.FirstBad < 0 && r.States[0] == Good && r.States[n-1] == Good && !slices.Contains(r.States, Unknown):
		return Never
	}
	return Undecided
}

// search is one at work.
type search struct {
	ctx    context.Context
	judge  func(ctx context.Context, i int) (State, error)
	states []State
	err    error
}

// at is the state of one, which is looked at once.
func (s *search) at(i int) State {
	if s.states[i] == Unjudged && s.err == nil {
		s.states[i], s.err = s.judge(s.ctx, i)
	}
	return s.states[i]
}

func (s *search) is(i int) bool {
	st := s.at(i)
	return st == Good || st == Bad
}

// first is the first that can be judged; the number of all where none can.
func (s *search) first() int {
	for i := range s.states {
		if s.err != nil || s.is(i) {
			return i
		}
	}
	return len(s.states)
}

// last is the last behind first that can be judged; first where none can.
func (s *search) last(first int) int {
	for i := len(s.states) - 1; i > first && s.err == nil; i-- {
		if s.is(i) {
			return i
		}
	}
	return first
}

// narrow halves what lies between a good one and a bad one, until nothing is left that can be judged.
func (s *search) narrow(good, bad int) {
	for s.err == nil {
		i, ok := s.nearest(good, bad)
		if !ok {
			return
		}
		if s.states[i] == Good {
			good = i
		} else {
			bad = i
		}
	}
}

// nearest is the one nearest to the middle between good and bad that can be judged, or false.
func (s *search) nearest(good, bad int) (int, bool) {
	middle := good + (bad-good)/2
	for d := 0; middle-d > good || middle+d < bad; d++ {
		for _, i := range []int{middle - d, middle + d} {
			if i > good && i < bad && s.is(i) {
				return i, s.err == nil
			}
		}
	}
	return 0, false
}
