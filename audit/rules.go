package audit

import (
	"cmp"
	"maps"
	"slices"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// Rule is a check of the policy, whether or not it was asked of any guest.
type Rule struct {
	ID          string              `json:"id"`
	Title       string              `json:"title"`
	Description string              `json:"description,omitempty"`
	Severity    finding.Severity    `json:"severity"`
	Controls    map[string][]string `json:"controls,omitempty"`
	References  []string            `json:"references,omitempty"`
	Fix         string              `json:"fix,omitempty"`
	Position    finding.Position    `json:"policy"`
}

// rulesOf lists the checks of a policy, in the order of their ids.
func rulesOf(p *policy.Policy) []Rule {
	rules := make([]Rule, 0, len(p.Checks))
	for i := range p.Checks {
		c := &p.Checks[i]
		rules = append(rules, Rule{
			ID: c.ID, Title: c.Title, Description: c.Description, Severity: c.Severity,
			Controls: maps.Clone(c.Controls), References: slices.Clone(c.References), Fix: cmp.Or(c.Fix, c.Remedy), Position: c.Position,
		})
	}
	return rules
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
