package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// unsignedPackages reads packages.unsigned: "allow", "warn", which fails with a low severity, or "deny".
func unsignedPackages(c *compiler, n *node) {
	before := c.failures
	shapeVerdict(c, n)
	if c.failures > before {
		return
	}
	text := c.text(n)
	check := Check{
		ID: n.path, Title: "Every package is signed", Severity: finding.High,
		Needs: facts.Request{Domains: []string{domainPackages}}, Absent: []string{domainPackages},
	}
	if text == verdictWarn {
		check.Severity = finding.Low
	}
	check.Eval = packageDatabase(func(_ *facts.Document, p *facts.Packages) Outcome {
		o := judgeSigned(p)
		if text == verdictAllow && o.Status == finding.Fail {
			o.Status = finding.Pass
		}
		return o
	})
	c.add(n, check, options{})
}

// judgeSigned tells the packages without a signature. Where there is one, whose it is nobody knows here.
func judgeSigned(p *facts.Packages) Outcome {
	if p.Manager == "dpkg" || p.Manager == "apk" {
		return Outcome{
			Status:  finding.NotApplicable,
			Message: p.Manager + " keeps no signatures of packages: what is signed is the index of the repository that they come from",
		}
	}
	var bad, silent []string
	o := Outcome{Status: finding.Pass, Expected: "every package signed"}
	for _, name := range slices.Sorted(maps.Keys(p.Installed)) {
		for _, one := range p.Installed[name] {
			switch {
			case one.Signed == nil:
				silent = append(silent, full(one))
			case !*one.Signed:
				bad = append(bad, full(one))
				if len(o.Where) < maxShown {
					o.Where = append(o.Where, location(one.Source, ""))
				}
			}
		}
	}
	switch {
	case len(bad) > 0:
		o.Status, o.Actual = finding.Fail, fmt.Sprintf("%d not signed: %s", len(bad), shown(bad))
	case len(silent) > 0:
		return unknown(fmt.Sprintf("nothing tells whether %d packages are signed: %s", len(silent), shown(silent)))
	default:
		o.Actual = fmt.Sprintf("%d packages, each with a signature", p.Count)
	}
	o.Message = o.Actual
	return o
}

// shown are the first of the names.
func shown(names []string) string {
	text := strings.Join(names[:min(len(names), maxShown)], ", ")
	if n := len(names) - maxShown; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}
