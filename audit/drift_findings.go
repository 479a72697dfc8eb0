package audit

import (
	"cmp"
	"crypto"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/drift"
	"github.com/guestctl/guestctl/drift/tree"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

const (
	maxDrifted   = 1000     // changes that are findings of their own
	maxDigested  = 64 << 20 // bytes of a file whose digest is told
	maxExplained = 4        // explanations in the summary
	driftFiles   = "drift.files:"
	driftUpdates = "drift.packages"
)

// findings are one check for each change that nothing explains, one for the signs of ransomware, one for the packages that changed, and
// one for the whole.
func (d *drifting) findings() []finding.Finding {
	changes, files := d.unexplained()
	status, limit := finding.Pass, 0
	if d.policy.MaxUnexplained != nil {
		limit = *d.policy.MaxUnexplained
	}
	if len(changes)+len(files) > limit {
		status = finding.Fail
	}
	var all []finding.Finding
	for _, c := range changes[:min(len(changes), maxDrifted)] {
		all = append(all, d.ofFacts(c, status))
	}
	for _, c := range files[:min(len(files), maxDrifted)] {
		all = append(all, d.ofFile(c, status))
	}
	whole := d.whole(status, len(changes)+len(files), limit)
	if more := max(0, len(changes)-maxDrifted) + max(0, len(files)-maxDrifted); more > 0 {
		whole.Notes = append(whole.Notes, fmt.Sprintf("%s more changes without an explanation are not told one by one", grouped(more)))
	}
	return slices.Concat(all, d.encrypted(), d.updates(), []finding.Finding{whole})
}

func (d *drifting) unexplained() (changes []*drift.Change, files []*tree.Change) {
	for i := range d.facts.Changes {
		if c := &d.facts.Changes[i]; c.Because == "" {
			changes = append(changes, c)
		}
	}
	if d.files == nil {
		return changes, nil
	}
	for i := range d.files.Changes {
		if c := &d.files.Changes[i]; c.Class == tree.Unexplained {
			files = append(files, c)
		}
	}
	return changes, files
}

// judgedBy puts what the policy says of the check into a finding.
func (d *drifting) judgedBy(f finding.Finding) finding.Finding {
	if d.check.ID != "" {
		f.Policy, f.Controls, f.Notes = d.check.Policy, d.check.Controls, append(f.Notes, d.check.Notes...)
	}
	return f
}

func (d *drifting) ofFacts(c *drift.Change, status finding.Status) finding.Finding {
	f := finding.Finding{
		ID: c.ID(), Title: c.Domain + " " + c.Key + " is as it was", Status: status, Severity: c.Severity, Expected: c.Old, Actual: c.New,
		Message: c.Text(), Where: []finding.Location{}, Fingerprint: finding.Fingerprint(c.ID(), string(c.Kind), ""),
	}
	for _, side := range []struct {
		source *facts.Source
		note   string
	}{{c.OldSource, "before"}, {c.NewSource, "now"}} {
		if s := side.source; s != nil {
			f.Where = append(f.Where, finding.Location{Path: s.Path, Line: s.Line, Text: s.Text, Note: side.note})
		}
	}
	for _, v := range c.Values {
		if s := v.NewSource; s != nil && (c.NewSource == nil || *s != *c.NewSource) {
			f.Where = append(f.Where, finding.Location{Path: s.Path, Line: s.Line, Text: s.Text, Note: "now"})
		}
	}
	return d.judgedBy(f)
}

func (d *drifting) ofFile(c *tree.Change, status finding.Status) finding.Finding {
	id := driftFiles + c.Path
	owner := "of no package"
	if c.Package != "" {
		owner = "of package " + c.Package
	}
	parts := []string{string(c.Kind) + ", " + owner}
	if len(c.What) > 0 {
		parts[0] = string(c.Kind) + " (" + strings.Join(c.What, "; ") + "), " + owner
	}
	if c.Kind == tree.Corrupted {
		parts = append(parts, "looks like corruption, not an edit")
	}
	if c.Why != "" {
		parts = append(parts, c.Why)
	}
	f := finding.Finding{
		ID: id, Title: c.Path + " is as it was", Status: status, Severity: fileSeverity(c), Message: c.Path + " " + strings.Join(parts, ": "),
		Where: []finding.Location{{Path: c.Path, Note: c.Describe()}}, Fingerprint: finding.Fingerprint(id, string(c.Kind), c.Path),
	}
	if c.Before != nil && c.After != nil {
		before := tree.Change{Before: c.Before}
		f.Expected, f.Actual = before.Describe(), c.Describe()
	}
	if told := d.toldBy(c); len(told) > 0 {
		f.Notes = append(f.Notes, "of what is in it, told by "+strings.Join(told, ", "))
	}
	if o := c.After; o != nil && o.IsRegular() && o.Size <= maxDigested {
		if sum, err := shipped.Sum(*o, crypto.SHA256); err == nil {
			f.Notes = append(f.Notes, "sha256 "+hex.EncodeToString(sum))
		}
	}
	return d.judgedBy(f)
}

// toldBy names the changes of the facts that come from a file, without what packages explain.
func (d *drifting) toldBy(c *tree.Change) (ids []string) {
	for i := range d.facts.Changes {
		if f := &d.facts.Changes[i]; f.Because == "" && slices.ContainsFunc(f.Paths(), func(p string) bool { return d.fileChange(p) == c }) {
			ids = append(ids, f.ID())
		}
	}
	return ids[:min(len(ids), maxMissed)]
}

// fileSeverity is how much a change of a file matters that nothing explains.
func fileSeverity(c *tree.Change) finding.Severity {
	o := c.After
	switch {
	case o == nil:
		return finding.Medium
	case o.IsRegular() && o.Mode&(filesys.ModeSetUID|filesys.ModeSetGID) != 0 && o.Mode&0o111 != 0:
		return finding.Critical
	case c.Kind == tree.Corrupted, o.IsRegular() && o.Mode&0o111 != 0, o.IsDevice():
		return finding.High
	case slices.ContainsFunc([]string{"/usr/", "/boot/", "/etc/", "/root/"}, func(dir string) bool { return strings.HasPrefix(c.Path, dir) }):
		return finding.Medium
	}
	return finding.Low
}

// updates is the check of the packages that changed: what they explain passes, unless it is not meant to.
func (d *drifting) updates() []finding.Finding {
	number, names := map[drift.Kind]int{}, []string{}
	for i := range d.facts.Changes {
		c := &d.facts.Changes[i]
		if c.Domain != "packages" || c.Because == "" {
			continue
		}
		number[c.Kind]++
		names = append(names, strings.TrimSpace(c.Key+" "+strings.Trim(c.Old+"→"+c.New, "→"))+" "+string(c.Kind))
	}
	if len(names) == 0 {
		return nil
	}
	f := finding.Finding{
		ID: driftUpdates, Title: "The packages are those of before", Status: finding.Pass, Severity: finding.Low,
		Message: fmt.Sprintf("%d added, %d removed, %d upgraded", number[drift.Added], number[drift.Removed], number[drift.Upgraded]),
		Where:   []finding.Location{}, Fingerprint: finding.Fingerprint(driftUpdates, "", ""),
	}
	f.Notes = append(f.Notes, names[:min(len(names), maxMissed)]...)
	if more := len(names) - maxMissed; more > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("and %d more, which the JSON report lists", more))
	}
	switch d.policy.Explained {
	case "warn":
		f.Status = finding.Fail
	case "fail":
		f.Status, f.Severity = finding.Fail, finding.Medium
	}
	return []finding.Finding{d.judgedBy(f)}
}

// whole is the check of all of it. What could not be compared leaves it unknown, unless it fails anyway.
func (d *drifting) whole(status finding.Status, number, limit int) finding.Finding {
	f := d.about(status, d.summary())
	f.Expected, f.Actual = "at most "+strconv.Itoa(limit)+" changes without an explanation", strconv.Itoa(number)
	unread := d.unread()
	if len(unread) > 0 && status != finding.Fail {
		f.Status = finding.Unknown
	}
	for _, u := range unread[:min(len(unread), maxMissed)] {
		f.Where = append(f.Where, finding.Location{Path: u.Where, Note: u.Cause})
	}
	if more := len(unread) - maxMissed; more > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("and %d more that could not be compared, which the JSON report lists", more))
	}
	return f
}

// about is the finding on the whole, as the policy wants it told.
func (d *drifting) about(status finding.Status, message string) finding.Finding {
	f := finding.Finding{
		ID: policy.DriftCheck, Title: "Nothing changed without an explanation", Status: status, Severity: finding.High, Message: message,
		Where: []finding.Location{}, Fingerprint: finding.Fingerprint(policy.DriftCheck, "", ""),
	}
	if d.check.ID != "" {
		f.Title, f.Severity, f.Fingerprint = d.check.Title, d.check.Severity, d.check.Fingerprint
	}
	return d.judgedBy(f)
}

func (d *drifting) unread() []DriftUnread {
	all := []DriftUnread{}
	for _, u := range d.facts.Unread {
		all = append(all, DriftUnread{u.Domain, u.Cause})
	}
	if d.files != nil {
		for _, u := range d.files.Unread {
			all = append(all, DriftUnread{u.Path, u.Cause})
		}
	}
	return all
}

// summary is the headline: what changed, by what it is explained, and how much by nothing.
func (d *drifting) summary() string {
	changes, files := d.unexplained()
	var parts []string
	if d.files != nil {
		parts = append(parts, d.filesSummary(len(files)))
	}
	explained := len(d.facts.Changes) - len(changes)
	if len(d.facts.Changes) == 0 {
		parts = append(parts, "facts: no change")
	} else {
		parts = append(parts, fmt.Sprintf("facts: %s, %d explained, %d unexplained", countOf(len(d.facts.Changes), "change"), explained, len(changes)))
	}
	if n := len(d.unread()); n > 0 {
		parts = append(parts, fmt.Sprintf("%d could not be compared", n))
	}
	return strings.Join(parts, " · ")
}

func (d *drifting) filesSummary(unexplained int) string {
	if len(d.files.Changes) == 0 {
		return "files: no change"
	}
	text := countOf(len(d.files.Changes), "file") + " changed: "
	var parts []string
	by := d.explainedBy()
	explained := 0
	for _, b := range by {
		explained += b.Files
	}
	if explained > 0 {
		var names []string
		for _, b := range by[:min(len(by), maxExplained)] {
			names = append(names, b.What)
		}
		if len(by) > maxExplained {
			names = append(names, "…")
		}
		parts = append(parts, fmt.Sprintf("%s explained by %s", grouped(explained), strings.Join(names, ", ")))
	}
	for _, class := range []tree.Class{tree.Volatile, tree.Ignored} {
		if n := d.classes()[string(class)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", grouped(n), class))
		}
	}
	return text + strings.Join(append(parts, grouped(unexplained)+" unexplained"), ", ")
}

func (d *drifting) classes() map[string]int {
	all := map[string]int{}
	for i := range d.files.Changes {
		all[string(d.files.Changes[i].Class)]++
	}
	return all
}

func (d *drifting) explainedBy() []ExplainedBy {
	number := map[string]int{}
	for i := range d.files.Changes {
		if c := &d.files.Changes[i]; c.By != "" {
			number[c.By]++
		}
	}
	list := []ExplainedBy{}
	for _, what := range sortedKeys(number) {
		list = append(list, ExplainedBy{what, number[what]})
	}
	slices.SortStableFunc(list, func(a, b ExplainedBy) int { return cmp.Compare(b.Files, a.Files) })
	return list
}

func (d *drifting) drifted() *Drifted {
	out := &Drifted{From: d.name, Summary: d.summary(), Domains: d.facts.Same, Changes: d.facts.Changes, Ransomware: d.signs, Unread: d.unread(), Notes: []string{}}
	if a, b := osName(d.golden.doc), osName(d.doc); a != b {
		out.Notes = append(out.Notes, fmt.Sprintf("the operating systems are %s before and %s now", a, b))
	}
	f := d.files
	if f == nil {
		out.Notes = append(out.Notes, "one side is stored facts: files were not compared")
		return out
	}
	_, unexplained := d.unexplained()
	out.Files = &DriftedFiles{
		Compared: f.Objects, Changed: len(f.Changes), Unexplained: len(unexplained), Classes: d.classes(), By: d.explainedBy(),
		Read: f.Read, Bytes: f.Bytes, Trusted: f.Trusted, SameOrigin: f.SameOrigin,
	}
	for _, u := range f.Doubts[:min(len(f.Doubts), maxMissed)] {
		out.Notes = append(out.Notes, "the package database explains less: "+u.Path+", "+u.Cause)
	}
	if f.Trusted > 0 {
		out.Notes = append(out.Notes, grouped(f.Trusted)+" files are taken for the same by size, times and number of their inode; --full reads them")
	}
	return out
}

func osName(d *facts.Document) string {
	if os, ok := facts.Get[facts.OS](d, "os"); ok {
		return strings.TrimSpace(os.ID + " " + os.VersionID)
	}
	return "unknown"
}
