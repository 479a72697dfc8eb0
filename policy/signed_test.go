package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

func TestPackagesAreSigned(t *testing.T) {
	yes, no := true, false
	var many []*bool
	for range 25 {
		many = append(many, &no)
	}
	for name, c := range map[string]struct {
		manager, verdict string
		signed           []*bool // of the packages a0, a1 and so on
		status           finding.Status
		severity         finding.Severity
		message          string
	}{
		"all are":                       {"rpm", "deny", []*bool{&yes, &yes}, pass, finding.High, "2 packages, each with a signature"},
		"one is not":                    {"rpm", "deny", []*bool{&yes, &no, &no}, fail, finding.High, "2 not signed: a1 1, a2 1"},
		"one is not, which is a matter": {"pacman", "warn", []*bool{&no}, fail, finding.Low, "1 not signed: a0 1"},
		"one is not, which is allowed":  {"pacman", "allow", []*bool{&no, &yes}, pass, finding.High, "1 not signed: a0 1"},
		"more than are told":            {"rpm", "deny", many, fail, finding.High, "a4 1 and 5 more"},
		"nobody noted it":               {"pacman", "deny", []*bool{&yes, nil}, unknown, finding.High, "nothing tells whether 1 packages are signed: a1 1"},
		"nobody noted it, allowed":      {"pacman", "allow", []*bool{nil}, unknown, finding.High, "nothing tells"},
		"one is not, of one no one knows": {
			"rpm", "deny", []*bool{nil, &no}, fail, finding.High, "1 not signed: a1 1",
		},
		"the index of apk": {"apk", "deny", []*bool{nil}, notApp, finding.High, "apk keeps no signatures of packages"},
	} {
		t.Run(name, func(t *testing.T) {
			f := detail(t, "[packages]\nunsigned = '"+c.verdict+"'\n", "packages", func(p *facts.Packages) {
				*p = facts.Packages{Manager: c.manager, Installed: map[string][]facts.Package{}, Count: len(c.signed)}
				for i, signed := range c.signed {
					n := fmt.Sprintf("a%d", i)
					p.Installed[n] = []facts.Package{{Name: n, Version: "1", State: "installed", Signed: signed}}
				}
			})
			if f.Status != c.status || f.Severity != c.severity || !strings.Contains(f.Message, c.message) {
				t.Errorf("%s %s: %s; want %s %s that says %q", f.Status, f.Severity, f.Message, c.status, c.severity, c.message)
			}
		})
	}
}
