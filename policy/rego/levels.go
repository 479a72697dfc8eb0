package rego

import "slices"

// ladders are the levels of the guides, each with all that the one before it asks for.
func ladders() [][]string {
	return [][]string{
		{"cis-l1", "cis-l2"},
		{"anssi-minimal", "anssi-intermediary", "anssi-enhanced", "anssi-high"},
	}
}

// Levels lists the levels by which checks can be selected.
func Levels() []string { return slices.Concat(ladders()...) }

func ladderOf(level string) ([]string, bool) {
	for _, l := range ladders() {
		if i := slices.Index(l, level); i >= 0 {
			return l[:i+1], true
		}
	}
	return nil, false
}

// In reports whether the level asks for the check: its own level, or a lower one of the same guide.
func (c *Check) In(level string) bool {
	lower, _ := ladderOf(level)
	return slices.ContainsFunc(c.Levels, func(l string) bool { return slices.Contains(lower, l) })
}
