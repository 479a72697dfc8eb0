package policy

import (
	"slices"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// ByVerify is the judge of what packages own and of what they do not.
const ByVerify By = "verify"

// The ids of the checks that the judge ByVerify puts its findings in the place of.
const (
	VerifyCheck  = "packages.verify"
	UnownedCheck = "packages.unowned_executables"
)

// Verify is what packages.verify and packages.unowned_executables say.
type Verify struct {
	AllowConfig bool
	Ignore      []string // patterns of paths
	Severity    finding.Severity
	Unowned     string // "allow", "warn", "deny", or "" where nothing is said
}

// over returns v, with what earlier says where v says nothing.
func (v Verify) over(earlier Verify, checks []Check) Verify {
	says := func(id string) bool { return slices.ContainsFunc(checks, func(c Check) bool { return c.ID == id }) }
	if !says(VerifyCheck) {
		v.AllowConfig, v.Ignore, v.Severity = earlier.AllowConfig, earlier.Ignore, earlier.Severity
	}
	if v.Unowned == "" {
		v.Unowned = earlier.Unowned
	}
	return v
}

// needsImage is the outcome of a check that another judge decides, where there is no image.
func needsImage(*facts.Document) Outcome { return NeedsImage() }

// NeedsImage says that there is no image for a judge that reads one.
func NeedsImage() Outcome {
	return unknown("the files of the guest are needed, and stored facts have none: name the image")
}

// verifyPackages reads packages.verify.
func verifyPackages(c *compiler, n *node) {
	if !c.wantKind(n, kindTable) {
		return
	}
	o, ok := c.options(n, "files", "allow_config_changes", "ignore")
	if !ok {
		return
	}
	files, before := true, c.failures
	for key, to := range map[string]*bool{"files": &files, "allow_config_changes": &c.verify.AllowConfig} {
		if v := n.table[key]; v != nil && c.wantKind(v, kindBoolean) {
			*to, _ = v.value.(bool)
		}
	}
	if v := n.table["ignore"]; v != nil {
		c.verify.Ignore = append(c.verify.Ignore, c.patterns(v)...)
	}
	if v := n.table["id"]; v != nil {
		c.fail(v.at, "%s: this check keeps its own id", v.path)
	}
	c.verify.Severity = o.severity
	if files && c.failures == before {
		c.add(n, Check{
			ID: VerifyCheck, Title: "The files of packages are as shipped", Severity: finding.High, By: ByVerify, Eval: needsImage,
		}, o)
	}
}

// unownedExecutables reads packages.unowned_executables.
func unownedExecutables(c *compiler, n *node) {
	before := c.failures
	shapeVerdict(c, n)
	if c.failures > before {
		return
	}
	c.verify.Unowned = c.text(n)
	check := Check{ID: UnownedCheck, Title: "Every executable belongs to a package", Severity: finding.High, By: ByVerify, Eval: needsImage}
	if c.verify.Unowned == verdictWarn {
		check.Severity = finding.Low
	}
	c.add(n, check, options{})
}

// PathPatterns returns what matches a path by any of the patterns: * is any text without a slash, ** any text, ? one character but a
// slash, [a-z] one of a set.
func PathPatterns(patterns []string) (func(path string) bool, error) {
	var all []pattern
	for _, text := range patterns {
		p, err := compilePattern(text)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return func(path string) bool {
		return slices.ContainsFunc(all, func(p pattern) bool { return p.match(path) })
	}, nil
}
