package policy_test

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// TestACheckThatIsNotForTheGuestNeedsNoMoreFacts: whether a check applies is told by one domain, what it judges by another. Only when
// the first was read whole may the check be not applicable.
func TestACheckThatIsNotForTheGuestNeedsNoMoreFacts(t *testing.T) {
	name := write(t, "a.rego", `# METADATA
# title: T
# custom:
#   id: a
#   facts: [packages, sshd]
package x.a

applicable if wanted

wanted if input.packages.installed.bash

deny contains "found" if input.sshd.version
`)
	p, err := policy.Load(nil, policy.Options{Policies: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	installed := map[string][]facts.Package{"bash": {{Name: "bash"}}}
	for _, c := range []struct {
		name           string
		packages, sshd facts.State
		installed      map[string][]facts.Package
		want           finding.Status
	}{
		{"applies", facts.OK, facts.OK, installed, fail},
		{"does not apply", facts.OK, facts.OK, nil, notApp},
		{"does not apply, and the rest is damaged", facts.OK, facts.Partial, nil, notApp},
		{"does not apply, and the rest was not read", facts.OK, facts.Error, nil, notApp},
		{"applies, and the rest is damaged", facts.OK, facts.Partial, installed, unknown},
		{"may not apply: what tells so is damaged", facts.Partial, facts.Partial, nil, unknown},
		{"may not apply: what tells so was not read", facts.Error, facts.OK, nil, unknown},
	} {
		doc := &facts.Document{
			Collectors: map[string]facts.Status{"packages": {State: c.packages}, "sshd": {State: c.sshd}},
			Facts:      map[string]any{"packages": &facts.Packages{Installed: c.installed}, "sshd": &facts.SSHD{Version: "9"}},
		}
		if got := p.Judge(t.Context(), doc)[0]; got.Status != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, got.Status, got.Message, c.want)
		}
	}
}
