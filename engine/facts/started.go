package facts

// Started reports whether boot or a trigger starts one of the units, of which the collector must need "units". It is nil
// when the units are not known.
func Started(s *Scope, names ...string) *bool {
	units, ok := Of[Units](s, "units")
	if !ok {
		return nil
	}
	started := false
	for _, name := range names {
		if u := (*units)[name]; u != nil && u.Starts != "" {
			started = true
		}
	}
	return &started
}
