package audit

import (
	"context"
	"strings"

	"github.com/guestctl/guestctl/drift/ransom"
	"github.com/guestctl/guestctl/drift/tree"
	"github.com/guestctl/guestctl/finding"
)

const driftRansomware = "drift.ransomware"

// ransomware looks for its signs among the files.
func (d *drifting) ransomware(ctx context.Context) (err error) {
	if d.files == nil {
		return nil
	}
	d.signs, err = ransom.Look(ctx, suspects(d.files.Changes))
	return err
}

// suspects are the changes that neither packages nor the running of the guest explain. What the policy ignores is among them: data that
// changes every day is ignored, and is what gets encrypted.
func suspects(changes []tree.Change) []ransom.Change {
	var all []ransom.Change
	for i := range changes {
		switch c := &changes[i]; c.Class {
		case tree.ByPackage, tree.Generated, tree.Volatile:
		default:
			all = append(all, ransom.Change{Path: c.Path, Before: c.Before, After: c.After})
		}
	}
	return all
}

// encrypted is the check of the signs of ransomware: none where files were not compared. That there are none is not known where a file
// could not be compared or judged.
func (d *drifting) encrypted() []finding.Finding {
	s := d.signs
	if s == nil {
		return nil
	}
	f := finding.Finding{
		ID: driftRansomware, Title: "Files do not look as ransomware leaves them", Status: finding.Pass, Severity: finding.Critical,
		Message: "no signs of ransomware", Where: []finding.Location{}, Fingerprint: finding.Fingerprint(driftRansomware, "", ""),
	}
	switch {
	case s.Reached():
		f.Status, f.Message = finding.Fail, "signs of ransomware: "+signsText(s)
	case !s.Complete() || len(d.files.Unread) > 0:
		f.Status, f.Message = finding.Unknown, "not enough signs of ransomware, but not all was judged: "+d.unjudged()
	case s.Files > 0:
		f.Message = "too few signs to speak of ransomware: " + signsText(s)
	}
	for _, e := range s.Examples {
		f.Where = append(f.Where, finding.Location{Path: e.Path, Note: e.Sign})
	}
	for _, u := range s.Unread[:min(len(s.Unread), maxMissed)] {
		f.Where = append(f.Where, finding.Location{Path: u.Path, Note: u.Cause})
	}
	return []finding.Finding{d.judgedBy(f)}
}

// unjudged counts what could have a sign and was not judged.
func (d *drifting) unjudged() string {
	var parts []string
	if s := d.signs; s.Looked < s.Candidates {
		parts = append(parts, grouped(s.Looked)+" of "+countOf(s.Candidates, "file")+" that could show one")
	}
	if n := len(d.signs.Unread); n > 0 {
		parts = append(parts, countOf(n, "file")+" could not be read")
	}
	if n := len(d.files.Unread); n > 0 {
		parts = append(parts, countOf(n, "path")+" could not be compared")
	}
	return strings.Join(parts, ", ")
}

// signsText counts the signs, and names what they have in common.
func signsText(s *ransom.Signs) string {
	parts := []string{countOf(s.Files, "file")}
	if s.Content > 0 {
		parts = append(parts, grouped(s.Content)+" encrypted by the look of it, against what the name promises")
	}
	if s.Renamed > 0 {
		parts = append(parts, grouped(s.Renamed)+" renamed to end in "+strings.Join(s.Suffixes, ", "))
	}
	if s.Notes > 0 {
		parts = append(parts, "the same text in "+countOf(s.Notes, "place")+": "+strings.Join(s.NoteNames, ", "))
	}
	return strings.Join(parts, "; ")
}
