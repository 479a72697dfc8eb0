package compare

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/finding"
)

const (
	// Check is the id of the finding about the images as a whole. Those about files are called Check, a colon and the path.
	Check = "backup.compare"

	maxFindings = 1000 // about files
	maxWhere    = 20
)

// Identical reports whether the images are the same, which both are known to be.
func (r *Comparison) Identical() bool { return r.Bytes.Identical() }

// Findings says what the comparison found: one finding about the whole, and one for each file that differs and that nothing explains.
func (r *Comparison) Findings() []finding.Finding {
	whole := r.whole()
	all := []finding.Finding{}
	for i := range r.Files {
		c := &r.Files[i]
		switch {
		case c.Class.Explained():
		case len(all) == maxFindings:
			whole.Notes = append(whole.Notes, fmt.Sprintf("more than %d files differ: the JSON report has all", maxFindings))
			all = append(all, whole)
			finding.Sort(all)
			return all
		default:
			all = append(all, r.file(c))
		}
	}
	all = append(all, whole)
	finding.Sort(all)
	return all
}

// whole is the finding about the images as a whole.
func (r *Comparison) whole() finding.Finding {
	f := finding.Finding{
		ID: Check, Title: "The backup is what the source is", Severity: finding.High, Expected: "equal images", Where: []finding.Location{},
		Fingerprint: finding.Fingerprint(Check, "", ""),
	}
	f.Notes = slices.Concat(r.sizes(), r.Notes)
	f.Status, f.Message = r.verdict()
	f.Actual = f.Message
	for _, u := range r.Unknown[:min(len(r.Unknown), maxWhere)] {
		f.Where = append(f.Where, finding.Location{Path: u.Path, Note: u.Cause})
	}
	for _, u := range r.Unread[:min(len(r.Unread), maxWhere)] {
		f.Notes = append(f.Notes, fmt.Sprintf("%d bytes at %#x of the %s: %s", u.Length, u.Offset, u.Side, u.Cause))
	}
	return f
}

func (r *Comparison) sizes() []string {
	if r.Sizes[Source] == r.Sizes[Backup] {
		return nil
	}
	return []string{fmt.Sprintf("the source has %d bytes and the backup %d: behind the end of the smaller there are zeros, unless it is told otherwise",
		r.Sizes[Source], r.Sizes[Backup])}
}

// verdict is what the comparison came to, and why, in one line. What makes it worthless goes first.
func (r *Comparison) verdict() (finding.Status, string) {
	unknown := len(r.Unread) > 0 || len(r.Unknown) > 0
	bad := len(r.Lost) > 0 || len(r.Odd) > 0 || slices.ContainsFunc(r.Files, func(c Change) bool { return !c.Class.Explained() })
	switch {
	case len(r.Changing) > 0:
		return finding.Unknown, strings.Join(r.Changing, "; ") + ": the result does not hold"
	case len(r.Strangers) > 0:
		return finding.Unknown, "not two images of one machine: " + strings.Join(r.Strangers, "; ")
	case r.Identical():
		return finding.Pass, fmt.Sprintf("identical: %d bytes compared", r.Compared)
	case bad:
		return finding.Fail, r.Summary()
	case unknown:
		return finding.Unknown, "not everything could be compared: " + r.Summary()
	}
	return finding.Pass, r.Summary()
}

// Summary says in one line how many files differ, and what explains how many of them.
func (r *Comparison) Summary() string {
	if r.Identical() {
		return fmt.Sprintf("identical: %d bytes compared", r.Compared)
	}
	classes, reasons, names := map[Class]int{}, map[string]int{}, []string{}
	explained := 0
	for _, c := range r.Files {
		switch {
		case c.Class == Packaged:
			reasons[c.Reason]++
		case c.Class.Explained():
			reasons[string(c.Class)+" files"]++
		default:
			classes[c.Class]++
			names = append(names, c.Path)
			continue
		}
		explained++
	}
	var parts []string
	switch n := len(r.Files); {
	case n == 0:
		parts = append(parts, "no file changed")
	case explained == 0 && n <= 3:
		parts = append(parts, changed(n)+": "+strings.Join(names, ", "))
	default:
		parts = append(parts, changed(n)+explanations(reasons, explained)+fmt.Sprintf("; %d unexplained", len(names)))
	}
	if n := classes[Corruption]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d changed without a trace in its inode, which is corruption", n))
	}
	for _, o := range r.Odd {
		parts = append(parts, fmt.Sprintf("%d bytes of %s (%s) differ for no known reason", o.Bytes, o.Volume, o.Region))
	}
	parts = append(parts, r.Lost...)
	parts = append(parts, fmt.Sprintf("%d of %d bytes differ", r.Different, r.Compared))
	return strings.Join(parts, "; ")
}

func changed(n int) string {
	if n == 1 {
		return "1 file changed"
	}
	return fmt.Sprintf("%d files changed", n)
}

func explanations(reasons map[string]int, n int) string {
	if n == 0 {
		return ""
	}
	keys := slices.Sorted(maps.Keys(reasons))
	slices.SortStableFunc(keys, func(a, b string) int { return cmp.Compare(reasons[b], reasons[a]) })
	more := ""
	if len(keys) > 5 {
		keys, more = keys[:5], ", …"
	}
	return fmt.Sprintf(": %d explained by %s%s", n, strings.Join(keys, ", "), more)
}

// file is the finding about one file.
func (r *Comparison) file(c *Change) finding.Finding {
	id := Check + ":" + c.Path
	f := finding.Finding{
		ID: id, Title: c.Path + " is what it is in the source", Status: finding.Fail, Severity: finding.Medium, Actual: string(c.Kind),
		Where: []finding.Location{{Path: c.Path}}, Fingerprint: finding.Fingerprint(id, string(c.Kind), c.Path),
	}
	if len(r.Changing) > 0 {
		f.Status = finding.Unknown
	}
	if c.Reason != "" {
		f.Notes = []string{c.Reason}
	}
	switch {
	case c.Class == Corruption:
		f.Severity, f.Expected = finding.Critical, "the content of the source"
		f.Actual = "corrupt: " + strings.Join(c.What, ", ")
		f.Message = fmt.Sprintf("%s is corrupt in one of the images: %s differs, %s", c.Path, strings.Join(c.What, " and "), c.Reason)
		f.Fix = "restore it from the source, find out which of the two is right, and make the backup again"
	case c.Kind == Moved:
		f.Message = fmt.Sprintf("%s was moved from %s", c.Path, c.From)
	case c.Kind == Changed:
		f.Expected = describe(c, Source)
		f.Actual = describe(c, Backup)
		f.Message = fmt.Sprintf("%s changed: %s", c.Path, strings.Join(c.What, ", "))
	case c.Kind == Added:
		f.Message = fmt.Sprintf("%s is in the backup only", c.Path)
	default:
		f.Message = fmt.Sprintf("%s is in the source only", c.Path)
	}
	return f
}

func describe(c *Change, s Side) string {
	return fmt.Sprintf("%d bytes, modified %s", c.Sizes[s], c.Modified[s].Format(time.RFC3339))
}
