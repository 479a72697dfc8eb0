package audit

import (
	"strings"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/finding"
)

// Unchanged is the id of the finding that an image was written to while it was verified or compared.
const Unchanged = "image.unchanged"

// changing says of a verification or comparison that it does not hold, where an image was written to meanwhile: what looks like damage,
// or like a change, may be the writing.
func (r *Result) changing(t *Target, m *engine.Machine) {
	if r.job.Backup == nil && r.golden == nil {
		return
	}
	var why []string
	if err := m.Unchanged(); err != nil {
		why = append(why, t.Image+": "+err.Error())
	}
	if r.golden != nil && r.golden.machine != nil {
		if err := r.golden.machine.Unchanged(); err != nil {
			why = append(why, r.golden.name+": "+err.Error())
		}
	}
	if len(why) == 0 {
		return
	}
	cause := strings.Join(why, "; ")
	for i := range t.Checks {
		c := &t.Checks[i]
		if c.Status != finding.Fail || !ofImages(c.ID) {
			continue
		}
		c.Status, c.Notes = finding.Unknown, append(c.Notes, "would have failed, and does not hold: "+cause)
	}
	t.Checks = append(t.Checks, finding.Finding{
		ID: Unchanged, Title: "The image was left alone", Status: finding.Unknown, Severity: finding.High, Expected: "nothing writes to it meanwhile",
		Actual: cause, Message: cause + ": what was found does not hold", Where: []finding.Location{},
		Fix: "verify a snapshot, or when nothing writes to the image", Fingerprint: finding.Fingerprint(Unchanged, "", ""),
	})
}

// ofImages reports whether a check is about an image as a whole, or about what changed since another.
func ofImages(id string) bool {
	topic, _, _ := strings.Cut(id, ".")
	topic, _, _ = strings.Cut(topic, ":")
	return topic == "backup" || topic == "drift"
}
