package intel

// indicators are all indicators that are no digests, with those of the same key linked to each other.
type indicators struct {
	all  []Indicator
	next []int32 // the number of another one with the same key, counted from 1; 0 ends
}

// index finds indicators by a key: the number of the first one, counted from 1.
type index[K comparable] map[K]int32

// put adds the indicator that was added last under a key.
func put[K comparable](in *indicators, idx index[K], key K) {
	n := len(in.all)
	in.next[n-1] = idx[key]
	idx[key] = int32(n)
}

// each calls f for the indicators under a key.
func each[K comparable](in *indicators, idx index[K], key K, f func(*Indicator)) {
	for n := idx[key]; n > 0; n = in.next[n-1] {
		f(&in.all[n-1])
	}
}
