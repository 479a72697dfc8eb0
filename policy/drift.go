package policy

import (
	"cmp"
	"slices"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// ByDrift is the judge of what changed since another state of the guest.
const ByDrift By = "drift"

// DriftCheck is the id of the check that [drift] stands for. The judge of drift puts its findings in its place.
const DriftCheck = "drift"

// Drift is what [drift] says. The zero value of a field is not said.
type Drift struct {
	Ignore    []string // patterns of paths
	Explained string   // "pass", "warn" or "fail"
	// MaxUnexplained is how many changes may have no explanation; nil is none.
	MaxUnexplained *int
}

// Over returns d with what earlier says where d says nothing; the lists of both count.
func (d Drift) Over(earlier Drift) Drift {
	return Drift{
		Ignore: slices.Concat(earlier.Ignore, d.Ignore), Explained: cmp.Or(d.Explained, earlier.Explained),
		MaxUnexplained: cmp.Or(d.MaxUnexplained, earlier.MaxUnexplained),
	}
}

// drift reads a key of [drift]: whichever there is makes the one check.
func drift(read func(c *compiler, n *node)) func(*compiler, *node) {
	return func(c *compiler, n *node) {
		read(c, n)
		if _, ok := c.at[DriftCheck]; !ok {
			c.add(n, Check{
				ID: DriftCheck, Title: "Nothing changed without an explanation", Severity: finding.High, By: ByDrift, Eval: needsOther,
			}, options{})
		}
	}
}

// needsOther is the outcome of a check that compares two states, where there is one.
func needsOther(*facts.Document) Outcome {
	return unknown("nothing to compare with: name another state of the guest with --drift-from")
}

func driftIgnore(c *compiler, n *node) { c.drift.Ignore = append(c.drift.Ignore, c.patterns(n)...) }

func driftExplained(c *compiler, n *node) {
	shapeWord(ExplainedWords()...)(c, n)
	c.drift.Explained, _ = n.value.(string)
}

// ExplainedWords lists what may come of changes that packages explain.
func ExplainedWords() []string { return []string{"pass", "warn", "fail"} }

func driftUnexplained(c *compiler, n *node) {
	shapeCount(1<<20)(c, n)
	if v, ok := n.value.(int64); ok {
		c.drift.MaxUnexplained = new(int(v))
	}
}
