package seal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/finding"
)

const (
	// CheckID is the id of the finding of a check.
	CheckID = "backup.sealed"

	maxWhere = 20
)

// Finding says what the check found.
func (r *Report) Finding() finding.Finding {
	o := r.Outcome()
	return finding.Finding{
		ID: CheckID, Title: "The image is what was sealed", Status: o.Status, Severity: finding.Critical, Expected: "the bytes that were sealed",
		Actual: o.Message, Message: o.Message, Where: o.Where, Notes: o.Notes, Fix: o.Fix, Fingerprint: finding.Fingerprint(CheckID, "", ""),
	}
}

// Outcome is what the check came to. A disk of which a part was checked passes as far as it was, when what
// was damaged before is mended: the notes say how far that is.
func (r *Report) Outcome() finding.Outcome {
	o := finding.Outcome{Status: finding.Pass, Where: r.where()}
	if !r.Whole && r.Cycle != nil {
		o.Notes = append(o.Notes, r.Cycle.String())
	}
	switch {
	case r.Changing != "":
		o.Status, o.Message = finding.Unknown, r.Changing+": the result does not hold"
	case r.Size != r.Sealed:
		o.Status, o.Message = finding.Fail, fmt.Sprintf("the disk has %d bytes, and %d were sealed", r.Size, r.Sealed)
	case len(r.Damaged) > 0:
		o.Status, o.Fix = finding.Fail, "restore what is damaged from another backup"
		o.Message = fmt.Sprintf("%d bytes are not what was sealed, from %#x on", total(r.Damaged), r.Damaged[0].Offset) + r.named()
	case len(r.Unread) > 0:
		o.Status = finding.Unknown
		o.Message = fmt.Sprintf("%d bytes could not be read, from %#x on: %s", total(r.Unread), r.Unread[0].Offset, r.Unread[0].Cause) + r.named()
	case r.Whole:
		o.Message = fmt.Sprintf("all %d bytes are what was sealed", r.Size)
	default:
		o.Message = fmt.Sprintf("bytes %d to %d of %d are what was sealed", r.From, r.To, r.Size)
	}
	return o
}

func total(all []Damage) (n int64) {
	for _, d := range all {
		n += d.Length
	}
	return n
}

// files are the paths in what is damaged, each once, in the order of the disk.
func (r *Report) files() []string {
	var all []string
	for _, p := range r.Places {
		if p.Path != "" && !slices.Contains(all, p.Path) {
			all = append(all, p.Path)
		}
		if len(all) > maxWhere {
			break
		}
	}
	return all
}

func (r *Report) where() []finding.Location {
	all := []finding.Location{}
	for _, path := range r.files() {
		if len(all) < maxWhere {
			all = append(all, finding.Location{Path: path, Note: "lies in a damaged stretch"})
		}
	}
	return all
}

// named says what may be damaged, in a few words.
func (r *Report) named() string {
	files := r.files()
	if len(files) == 0 {
		var regions []string
		for _, p := range r.Places {
			if p.Region != place.Content && !slices.Contains(regions, string(p.Region)) {
				regions = append(regions, string(p.Region))
			}
		}
		if len(regions) == 0 {
			return ""
		}
		return "; in " + strings.Join(regions, ", ")
	}
	if len(files) > 3 {
		return "; in " + strings.Join(files[:3], ", ") + " and more"
	}
	return "; in " + strings.Join(files, ", ")
}
