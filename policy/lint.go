package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Lint returns what works in the files of the policy and is probably not what their authors want, by file and line: its
// Warnings, checks that say the same or the opposite of each other, and waivers that are not worth what they look like.
func (p *Policy) Lint(now time.Time) []Warning {
	all := slices.Concat(p.Warnings, p.lintChecks(), p.lintWaivers(now))
	slices.SortStableFunc(all, func(a, b Warning) int {
		return cmp.Or(cmp.Compare(slices.Index(p.Files, a.File), slices.Index(p.Files, b.File)), cmp.Compare(a.Line, b.Line))
	})
	return all
}

// opposites lists the words of which an entry cannot stand under both.
func opposites() [][2]string {
	return [][2]string{
		{"packages.required/", "packages.forbidden/"},
		{"packages.versions/", "packages.forbidden/"},
		{"files.must_exist:", "files.must_not_exist:"},
		{"files.checksums:", "files.must_not_exist:"},
		{"files.permissions:", "files.must_not_exist:"},
		{"files.content:", "files.must_not_exist:"},
	}
}

func (p *Policy) lintChecks() []Warning {
	var all []Warning
	byID, byMeaning := map[string]*Check{}, map[string]*Check{}
	for i := range p.Checks {
		byID[p.Checks[i].ID] = &p.Checks[i]
	}
	for i := range p.Checks {
		c := &p.Checks[i]
		meaning := strings.Join([]string{c.Title, c.Key, c.Path, c.conditionText()}, "\x00")
		if first := byMeaning[meaning]; first != nil && c.rule == nil {
			all = append(all, c.warning("%s says the same as %s (%s:%d)", c.ID, first.ID, first.Position.File, first.Position.Line))
		} else {
			byMeaning[meaning] = c
		}
		for _, pair := range opposites() {
			entry, ok := strings.CutPrefix(c.ID, pair[0])
			if other := byID[pair[1]+entry]; ok && other != nil && c.conditionText() == other.conditionText() {
				all = append(all, c.warning("%s and %s (%s:%d) cannot both pass", c.ID, other.ID, other.Position.File, other.Position.Line))
			}
		}
	}
	return all
}

func (c *Check) conditionText() string {
	var words []string
	for _, cond := range c.conditions {
		words = append(words, cond.text)
	}
	return strings.Join(words, ", ")
}

func (c *Check) warning(format string, args ...any) Warning {
	return Warning{c.Position.File, c.Position.Line, fmt.Sprintf(format, args...)}
}

func (p *Policy) lintWaivers(now time.Time) []Warning {
	var all []Warning
	for i := range p.Waivers.List {
		w := &p.Waivers.List[i]
		warn := func(format string, args ...any) {
			all = append(all, Warning{w.Position.File, w.Position.Line, fmt.Sprintf(format, args...)})
		}
		last := w.Expires.Format(time.DateOnly)
		switch w.State(now, p.Waivers.WarnDays) {
		case WaiverExpired:
			warn("the waiver for %s has expired: %s was its last day", w.Rule, last)
		case WaiverUnapproved:
			warn("the waiver for %s has no effect: nobody approved it (approved_by)", w.Rule)
		case WaiverExpiring:
			warn("the waiver for %s ends soon: %s is its last day, days left: %d", w.Rule, last, w.DaysLeft(now))
		}
		if !slices.ContainsFunc(p.Checks, func(c Check) bool { return w.Covers(c.ID) }) {
			warn("the waiver for %s is for nothing: no check has such an id", w.Rule)
		}
	}
	return all
}
