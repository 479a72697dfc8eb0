// Package nearest guesses what a person meant to type.
package nearest

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const maxSuggest = 128 // longer words get no suggestion: the distance costs the product of both lengths

// Word returns the candidate that word is most likely a misspelling of, or "".
func Word(word string, candidates []string) string {
	near := Words(word, candidates, 1)
	if len(near) == 0 {
		return ""
	}
	return near[0]
}

// Words returns up to n candidates that are near word, the nearest first.
func Words(word string, candidates []string, n int) []string {
	type scored struct {
		distance int
		word     string
	}
	var near []scored
	limit := max(1, 2*utf8.RuneCountInString(word)/5)
	for _, c := range candidates {
		if len(word) > maxSuggest || len(c) > maxSuggest || c == word {
			continue
		}
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d <= limit {
			near = append(near, scored{d, c})
		}
	}
	slices.SortFunc(near, func(a, b scored) int {
		if a.distance != b.distance {
			return a.distance - b.distance
		}
		return strings.Compare(a.word, b.word)
	})
	words := []string{}
	for _, s := range near[:min(n, len(near))] {
		words = append(words, s.word)
	}
	return words
}

// distance counts the letters to insert, delete, replace or swap with their neighbour to make b out of a (the optimal
// string alignment distance).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(y)]
}
