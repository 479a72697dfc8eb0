package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
)

// comparePAM compares which rules of each stack can run with those that ran in Linux-PAM under many series of outcomes.
func comparePAM(t *testing.T, g *truth) {
	got := get[facts.PAM](t, g, "pam", facts.Partial)
	answers := g.answers(t, "pam.txtar")
	for name, service := range got.Services {
		for typ, rules := range map[string][]facts.PAMRule{
			"auth": service.Auth, "account": service.Account, "password": service.Password, "session": service.Session,
		} {
			stack := name + " " + typ
			ran, ok := answers[stack]
			if !ok {
				g.same(t, stack, "nothing", "a stack")
				continue
			}
			delete(answers, stack)
			var reachable []string
			for _, r := range rules {
				place := fmt.Sprintf("%s:%d", r.Source.Path, r.Source.Line)
				if r.Reachable && !slices.Contains(reachable, place) {
					reachable = append(reachable, place)
				}
			}
			slices.Sort(reachable)
			ran = slices.Sorted(slices.Values(ran))
			g.sameLists(t, stack, ran, reachable)
		}
	}
	for stack := range answers {
		g.same(t, stack, "a stack", "nothing")
	}
}
