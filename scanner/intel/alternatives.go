package intel

// alternatives are the ways in which a pattern can be true: in each, all terms hold together. None is never true.
type alternatives [][]Term

// only is one term alone.
func only(t Term) alternatives { return alternatives{{t}} }

// and are the ways in which both are true. ok is false when there are too many.
func (a alternatives) and(b alternatives) (all alternatives, ok bool) {
	if len(a)*len(b) > maxJoined {
		return nil, false
	}
	for _, x := range a {
		for _, y := range b {
			if len(x)+len(y) > maxTerms {
				return nil, false
			}
			all = append(all, append(x[:len(x):len(x)], y...))
		}
	}
	return all, true
}

// or are the ways in which one of them is true. ok is false when there are too many.
func (a alternatives) or(b alternatives) (all alternatives, ok bool) {
	if len(a)+len(b) > maxJoined {
		return nil, false
	}
	return append(a[:len(a):len(a)], b...), true
}

// addAlternatives adds an indicator for each way in which a pattern can be true.
func (b *builder) addAlternatives(format string, a alternatives, info Info) error {
	for _, terms := range a {
		key, and, why := joined(terms)
		if why != "" {
			b.unused(format + ": " + why)
			continue
		}
		i := Indicator{key, info}
		i.And = and
		if err := b.addChecked(format, i); err != nil {
			return err
		}
	}
	return nil
}
