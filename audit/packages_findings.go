package audit

import (
	"cmp"
	"fmt"
	"time"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/scanner/packages"
)

const (
	unownedID  = "packages.unowned"
	databaseID = "packages.database"
)

// findings turns differences into failing checks. Where there are none, one check passes, or is unknown where not everything could be
// judged.
func (v *verification) findings(r *packages.Result) []finding.Finding {
	var all []finding.Finding
	different, unowned := 0, 0
	for i := range r.Differences {
		d := &r.Differences[i]
		if d.Kind == packages.Unowned {
			if v.allowed {
				continue
			}
			unowned++
		} else {
			different++
		}
		all = append(all, v.finding(d))
	}
	if v.files {
		if o := judged(r, different); o.Status != finding.Fail {
			all = append(all, v.whole(policy.VerifyCheck, o))
		}
	}
	if v.unowned {
		id := unownedID
		if _, ok := v.checks[policy.UnownedCheck]; ok {
			id = policy.UnownedCheck
		}
		o := judged(r, unowned)
		if o.Status == finding.Pass {
			o.Actual = "no package owns " + grouped(r.Stats.Unowned) + " programs, libraries, units and kernel modules in system directories"
			o.Message = o.Actual
		}
		if o.Status != finding.Fail {
			all = append(all, v.whole(id, o))
		}
	}
	return all
}

// judged is what a verification comes to as a whole. Fail says that the differences speak for themselves.
func judged(r *packages.Result, different int) finding.Outcome {
	o := finding.Outcome{Status: finding.Pass, Message: r.Summary(), Actual: r.Summary()}
	switch {
	case !r.Whole():
		o.Status = finding.Unknown
		for _, u := range r.Unread[:min(len(r.Unread), maxMissed)] {
			o.Where = append(o.Where, finding.Location{Path: u.Path, Note: u.Cause})
		}
		if more := len(r.Unread) - maxMissed; more > 0 {
			o.Notes = append(o.Notes, fmt.Sprintf("and %d more, which the JSON report lists", more))
		}
	case different > 0:
		o.Status = finding.Fail
	}
	return o
}

// whole is the check of a verification as a whole.
func (v *verification) whole(id string, o finding.Outcome) finding.Finding {
	f := finding.Finding{
		ID: id, Title: "The files of packages are as shipped", Status: o.Status, Severity: finding.High, Expected: o.Expected, Actual: o.Actual,
		Message: o.Message, Where: o.Where, Notes: o.Notes, Fingerprint: finding.Fingerprint(id, "", ""),
	}
	if id != policy.VerifyCheck {
		f.Title = "Every executable belongs to a package"
	}
	if f.Where == nil {
		f.Where = []finding.Location{}
	}
	if c, ok := v.checks[id]; ok {
		f.Title, f.Severity, f.Policy, f.Controls, f.Notes = c.Title, c.Severity, c.Policy, c.Controls, append(f.Notes, c.Notes...)
		f.Fingerprint = c.Fingerprint
	}
	return f
}

// finding is one difference.
func (v *verification) finding(d *packages.Difference) finding.Finding {
	prefix, check := policy.VerifyCheck, policy.VerifyCheck
	severity := cmp.Or(v.severity, d.Severity)
	f := finding.Finding{
		Status: finding.Fail, Expected: d.Expected, Actual: d.Actual, Where: []finding.Location{{Path: d.Path, Note: describeObject(d)}},
	}
	switch d.Kind {
	case packages.Unowned:
		prefix, check, severity = unownedID, policy.UnownedCheck, d.Severity
		if v.milder {
			severity = finding.Low
		}
		f.Title, f.Message = d.Path+" belongs to a package", d.Path+": "+d.Actual
		f.Fix = "find out where it is from; remove it, or install it from a package"
	case packages.Database:
		prefix = databaseID
		f.Title, f.Message = d.Path+" is as its manager wrote it", d.Path+": "+d.Actual
		f.Fix = "compare the package's files with those of the same version from its repository"
	default:
		f.Title = fmt.Sprintf("%s is as package %s shipped it", d.Path, d.Package)
		f.Message = fmt.Sprintf("%s, %s of package %s: want %s, is %s", d.Path, d.Role, d.Package, d.Expected, d.Actual)
		if d.Kind == packages.Missing {
			f.Message = fmt.Sprintf("%s, %s of package %s, is missing", d.Path, d.Role, d.Package)
		}
		f.Where = append(f.Where, finding.Location{Path: d.Source.Path, Line: d.Source.Line, Note: "what the package has"})
		f.Fix = reinstall(d.Manager, d.Package)
		if d.Role == packages.Config {
			f.Fix = "undo the change; where it is meant to be, allow changed configuration files, or ignore this one"
		}
	}
	f.ID, f.Severity = prefix+":"+d.Path, severity
	f.Fingerprint = finding.Fingerprint(f.ID, string(d.Kind), d.Path)
	if c, ok := v.checks[check]; ok {
		f.Policy, f.Controls, f.Notes = c.Policy, c.Controls, append(f.Notes, c.Notes...)
		f.Fix = cmp.Or(c.Fix, f.Fix)
	}
	return f
}

// describeObject says what is there in the place of the file.
func describeObject(d *packages.Difference) string {
	o := &d.Object
	if o.Mode == 0 {
		return ""
	}
	return fmt.Sprintf("mode %s, owner %d:%d, %d bytes, modified %s", facts.ModeText(o.Mode), o.UID, o.GID, o.Size, o.Modify.UTC().Format(time.RFC3339))
}
