package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/scanner"
)

const (
	malwarePrefix = policy.MalwareCheck + "."
	// maxExcerpts is how many places of a match are told in words; the data have all that the engine told.
	maxExcerpts = 3
)

// findings turns matches into failing checks, and each engine that found nothing into one that passes, or is unknown where it did
// not see everything.
func (s *Scan) findings(k *keptScan) []finding.Finding {
	var all []finding.Finding
	found := map[string]bool{}
	for i := range k.Hits {
		found[k.Hits[i].Match.Engine] = true
		all = append(all, s.finding(&k.Hits[i]))
	}
	for _, e := range k.Malware.Engines {
		o := coverage(e, k.Malware)
		if o.Status == finding.Pass && found[e.Name] {
			continue
		}
		id := malwarePrefix + e.Name
		all = append(all, finding.Finding{
			ID: id, Title: "No file matches " + e.Name, Status: o.Status, Severity: finding.High, Expected: o.Expected, Actual: o.Actual,
			Message: o.Message, Where: o.Where, Notes: o.Notes, Fix: o.Fix, Fingerprint: finding.Fingerprint(id, "", ""),
		})
	}
	return all
}

// finding is one match in one file.
func (s *Scan) finding(h *scanner.Hit) finding.Finding {
	m, file := h.Match, h.File
	id := malwarePrefix + m.Engine + "/" + m.Rule
	path := file.Path
	if file.Member != "" {
		path += "!/" + file.Member
	}
	f := finding.Finding{
		ID: id, Title: "No file matches " + m.Rule, Status: finding.Fail, Severity: m.Severity,
		Expected: "no match", Actual: "matches " + m.Rule, Message: path + ": " + cmp.Or(m.Description, m.Rule),
		Where: []finding.Location{{Path: path, Note: describeFile(file)}},
		Fix:   "find out how the file came there, and remove it; a file that is wanted can be allowed by its digest (malware.allow_sha256)",
		File:  &file, Match: &m, Policy: finding.Position{File: m.Source},
		Fingerprint: finding.Fingerprint(id, file.Member, file.Path),
	}
	if m.Score < s.opts.Score {
		f.Status = finding.Manual
		f.Notes = append(f.Notes, fmt.Sprintf("its score is %d, and %d fails", m.Score, s.opts.Score))
	}
	for _, at := range m.Strings[:min(len(m.Strings), maxExcerpts)] {
		f.Notes = append(f.Notes, fmt.Sprintf("%s at %#x: %s", at.Name, at.Offset, plainText(at.Excerpt)))
	}
	if more := len(m.Strings) - maxExcerpts; more > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("and %d more places", more))
	}
	return f
}

// plainText is an excerpt without its escapes, which every report has its own for.
func plainText(excerpt string) string {
	if s, err := strconv.Unquote(`"` + excerpt + `"`); err == nil {
		return s
	}
	return excerpt
}

// describeFile says what decides how much a match means: what it is, and whether it came with a package.
func describeFile(f finding.File) string {
	text := fmt.Sprintf("%s, %s bytes, sha256 %s", f.Class, strconv.FormatInt(f.Size, 10), f.SHA256)
	switch f.Shipped {
	case finding.NotPackaged:
		return text + ", of no package"
	case finding.AsShipped:
		return text + ", as package " + f.Package + " shipped it"
	case finding.Modified:
		return text + ", not as package " + f.Package + " shipped it"
	case finding.NotVerifiable:
		return text + ", of package " + f.Package
	}
	return text
}

// coverage is what an engine that found nothing comes to.
func coverage(e scanner.Description, m Malware) finding.Outcome {
	o := finding.Outcome{Expected: "no match"}
	what := countOf(m.Stats.Files, "file")
	if e.Rules > 0 { // ClamAV does not tell
		what = countOf(e.Rules, "rule") + " in " + what
	}
	var missed []scanner.Unscanned
	paths := map[string]bool{}
	for _, u := range m.Unscanned {
		if u.Engine == "" || u.Engine == e.Name {
			missed = append(missed, u)
			paths[u.Path] = true
		}
	}
	if len(missed) == 0 {
		o.Status, o.Actual, o.Message = finding.Pass, "no match", "no match: "+what
		return o
	}
	o.Status = finding.Unknown
	o.Actual = countOf(len(paths), "file") + " not looked into, or not wholly"
	o.Message = o.Actual + ": " + what
	o.Fix = "look at the files below; a larger --max-size looks into larger files"
	for _, u := range missed[:min(len(missed), maxMissed)] {
		o.Where = append(o.Where, finding.Location{Path: u.FullPath(), Note: u.Why()})
	}
	if more := len(missed) - maxMissed; more > 0 {
		o.Notes = append(o.Notes, fmt.Sprintf("and %d more, which the JSON report lists", more))
	}
	return o
}

// unscanned is the finding in the place of a scan that is not made.
func unscanned(o finding.Outcome) finding.Finding {
	return finding.Finding{
		ID: policy.MalwareCheck, Title: "No file looks like malware", Status: o.Status, Severity: finding.High,
		Expected: o.Expected, Actual: o.Actual, Message: o.Message, Fix: o.Fix, Fingerprint: finding.Fingerprint(policy.MalwareCheck, "", ""),
	}
}

// noEngine is what a scan without engines comes to.
func noEngine() finding.Outcome {
	return finding.Outcome{
		Status: finding.Unknown, Message: "no engine looked into the files: YARA was left out, and no other was asked for",
		Fix: "use YARA, ClamAV, signatures or threat intelligence; check-compliance --baseline builtin:malware judges what needs none of them",
	}
}

// notScanned says of stored facts that the scan that the user asked for needs the image.
func (r *Result) notScanned(t *Target) {
	said := func(f finding.Finding) bool { return f.ID == policy.MalwareCheck && f.Status == finding.Unknown }
	if s := r.job.Scan; s != nil && s.opts.Asked && !slices.ContainsFunc(t.Checks, said) {
		t.Checks = append(t.Checks, unscanned(policy.NeedsImage()))
	}
}

// maxMissed is how many files that were not looked into stand in a finding; the data have all.
const maxMissed = 20

func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// grouped writes a number with its thousands apart: 17,289.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// apart splits off what a scan decides in the place of the policy.
func apart(checks []finding.Finding, ids []string) []finding.Finding {
	return slices.DeleteFunc(slices.Clone(checks), func(f finding.Finding) bool {
		return f.Status == finding.Unknown && slices.Contains(ids, f.ID)
	})
}
