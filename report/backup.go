package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/backup/boot"
	"github.com/guestctl/guestctl/backup/compare"
	"github.com/guestctl/guestctl/backup/origin"
	"github.com/guestctl/guestctl/backup/seal"
	"github.com/guestctl/guestctl/finding"
)

// maxReasons is how many explanations of changes are told in a line.
const maxReasons = 5

// backupLine is what one way of looking at a backup came to, in parts that are escaped.
type backupLine struct {
	name  string
	parts []string
}

// backupLines says what was looked at beside the checks.
func backupLines(tg *audit.Target) []backupLine {
	var lines []backupLine
	for _, l := range []backupLine{
		{"times", describeTimes(tg.Times)},
		{"source", describeComparison(tg.Comparison)},
		{"seal", describeSealed(tg.Sealed)},
	} {
		if len(l.parts) > 0 {
			lines = append(lines, l)
		}
	}
	return lines
}

// describeTimes says when a backup was written, and how long before that what is in it was.
func describeTimes(t *origin.Times) []string {
	var parts []string
	if t == nil {
		return nil
	}
	if !t.Written.IsZero() {
		parts = append(parts, "written "+t.Written.UTC().Format(time.RFC3339))
	}
	if !t.Content.IsZero() {
		text := "newest content " + t.Content.UTC().Format(time.RFC3339) + " in " + Escape(t.Newest)
		if before := t.Written.Sub(t.Content); !t.Written.IsZero() && before >= 0 {
			text += ", " + origin.Age(before) + " before"
		}
		parts = append(parts, text)
	}
	if n := len(t.Unread); n > 0 {
		parts = append(parts, count(n, "trace")+" not read")
	}
	return parts
}

// describeComparison counts in what a backup differs from its source.
func describeComparison(c *compare.Comparison) []string {
	if c == nil {
		return nil
	}
	parts := []string{Escape(c.Source)}
	if c.Identical() {
		return append(parts, "identical, "+Size(c.Compared))
	}
	if len(c.Strangers) > 0 {
		return append(parts, "another machine")
	}
	kinds, reasons, unexplained := map[compare.Kind]int{}, map[string]int{}, 0
	for i := range c.Files {
		f := &c.Files[i]
		kinds[f.Kind]++
		switch {
		case f.Class == compare.Packaged:
			reasons[f.Reason]++
		case f.Class.Explained():
			reasons[string(f.Class)]++
		default:
			unexplained++
		}
	}
	parts = append(parts, fmt.Sprintf("identical %d", c.Same))
	for _, k := range []struct {
		kind compare.Kind
		text string
	}{{compare.Changed, "changed"}, {compare.Moved, "moved"}, {compare.Removed, "only in source"}, {compare.Added, "only in backup"}} {
		if n := kinds[k.kind]; n > 0 || k.kind != compare.Moved {
			parts = append(parts, fmt.Sprintf("%s %d", k.text, n))
		}
	}
	if n := len(c.Files) - unexplained; n > 0 {
		parts = append(parts, fmt.Sprintf("explained %d (%s)", n, topReasons(reasons)))
	}
	return append(parts, fmt.Sprintf("unexplained %d", unexplained), fmt.Sprintf("%s of %s differ", Size(c.Different), Size(c.Compared)))
}

// topReasons lists what explains most, most first.
func topReasons(reasons map[string]int) string {
	names := slices.Sorted(maps.Keys(reasons))
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(reasons[b], reasons[a]) })
	var parts []string
	for _, name := range names[:min(len(names), maxReasons)] {
		parts = append(parts, fmt.Sprintf("%d %s", reasons[name], Escape(name)))
	}
	if len(names) > maxReasons {
		parts = append(parts, "…")
	}
	return strings.Join(parts, ", ")
}

// describeSealed says how much of a disk was held against its seal.
func describeSealed(r *seal.Report) []string {
	if r == nil {
		return nil
	}
	parts := []string{fmt.Sprintf("bytes %d to %d of %d", r.From, r.To, r.Size), Size(r.Read) + " read"}
	for _, one := range []struct {
		n    int
		text string
	}{{len(r.Damaged), "damaged stretch"}, {len(r.Unread), "unread stretch"}} {
		switch {
		case one.n == 1:
			parts = append(parts, "1 "+one.text)
		case one.n > 1:
			parts = append(parts, fmt.Sprintf("%d %ses", one.n, one.text))
		}
	}
	return parts
}

// bootApart takes the links of a boot out of the checks, in the order of the boot.
func bootApart(tg *audit.Target) (rest, chain []finding.Finding) {
	if tg.Boot == nil {
		return tg.Checks, nil
	}
	order := map[string]int{}
	for i, l := range tg.Boot.Links {
		order[l.ID] = i
	}
	for _, c := range tg.Checks {
		if _, ok := order[c.ID]; ok {
			chain = append(chain, c)
		} else {
			rest = append(rest, c)
		}
	}
	slices.SortStableFunc(chain, func(a, b finding.Finding) int { return cmp.Compare(order[a.ID], order[b.ID]) })
	return rest, chain
}

// describeBoot says what a proof of a boot is about.
func describeBoot(p *boot.Proof) []string {
	parts := []string{cmp.Or(Escape(p.Firmware), "no firmware that is known")}
	for _, s := range []struct{ label, text string }{
		{"target ", p.Target}, {"", p.Entry}, {"", p.Kernel}, {"root=", p.Root},
	} {
		if s.text != "" {
			parts = append(parts, s.label+Escape(s.text))
		}
	}
	return parts
}
