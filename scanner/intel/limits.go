package intel

import (
	"github.com/guestctl/guestctl/engine/binread"
)

// Everything that a feed can make large meets one of these first.
const (
	maxText        = 4 << 30   // bytes of a feed that is text
	maxLine        = 64 << 10  // bytes of a line of a list
	maxObject      = 16 << 20  // bytes of one object in a feed of JSON
	maxNesting     = 64        // levels of JSON or XML
	maxFiles       = 100_000   // in a folder of feeds
	maxValue       = 4096      // bytes of an indicator
	maxWord        = 512       // bytes of a label or reference, which are cut
	maxRegexp      = 1024      // bytes of a regular expression
	maxTerms       = 16        // that hold together
	maxPattern     = 64 << 10  // bytes of a pattern
	maxJoined      = 256       // alternatives of a pattern
	maxRules       = 1 << 20   // bytes of YARA rules in one indicator
	maxAllRules    = 64 << 20  // bytes of YARA rules in all feeds
	maxOthers      = 1_000_000 // indicators that are no digests
	maxRegexps     = 20_000    // regular expressions and globs
	maxOthersBytes = 256 << 20 // of a compiled feed
	maxInMemory    = 2_000_000 // digests of feeds that are not compiled
	maxUnused      = 200       // reasons for what is not used
	maxMatches     = 100       // in one file
	maxPatternIn   = 32        // brackets inside of each other in a pattern
)

// minHashed is how many bytes a file has at least that is known by its digest: shorter ones are the same by chance.
const minHashed = 16

func tooMany(what string, most int) error {
	return binread.Limit("more than %d %s", most, what)
}

// clip cuts a text for people to its limit.
func clip(s string) string {
	if len(s) > maxWord {
		return s[:maxWord]
	}
	return s
}
