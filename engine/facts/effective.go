package facts

// maxShadowed bounds what is told of a setting that is written again and again.
const maxShadowed = 1000

// Override returns value as the one in effect, written at source, with the one it takes the place of shadowed: the rule
// of files in which the last value wins. Old may be nil.
func Override[T any](old *Value[T], value T, at Source) *Value[T] {
	v := &Value[T]{Value: value, Explicit: true, Source: &at}
	if old == nil {
		return v
	}
	v.Shadowed = old.Shadowed
	if old.Source != nil && len(v.Shadowed) < maxShadowed {
		v.Shadowed = append(v.Shadowed, Shadow[T]{*old.Source, old.Value})
	}
	return v
}

// Keep returns old with value shadowed, or value when nothing was there: the rule of files in which the first value wins.
func Keep[T any](old *Value[T], value T, at Source) *Value[T] {
	if old == nil || !old.Explicit {
		return &Value[T]{Value: value, Explicit: true, Source: &at}
	}
	if len(old.Shadowed) < maxShadowed {
		old.Shadowed = append(old.Shadowed, Shadow[T]{at, value})
	}
	return old
}

// Default returns a value that nobody wrote down and the program has by itself.
func Default[T any](value T) *Value[T] { return &Value[T]{Value: value} }
