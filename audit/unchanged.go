package audit

import (
	"strings"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/finding"
)

// Unchanged is the id of the finding that an image was written to while it was verified or compared.
const Unchanged = "image.unchanged"

// unchanged takes back what was found of a backup, or of what changed since another state, where an image was written to meanwhile: part
// of it is of one state of the image, and part of another.
func (r *Result) unchanged(t *Target, m *engine.Machine) {
	changing := r.writtenTo(t, m)
	if changing == "" {
		return
	}
	for i := range t.Checks {
		if f := &t.Checks[i]; ofImages(f.ID) {
			f.Status = doubted(f.Status)
			f.Notes = append(f.Notes, changing)
		}
	}
	t.Checks = append(t.Checks, finding.Finding{
		ID: Unchanged, Title: "The image stayed as it was while it was looked at", Status: finding.Unknown, Severity: finding.High,
		Expected: "an image that nothing writes to", Actual: changing, Message: changing + ": what was found does not hold",
		Where: []finding.Location{}, Fix: "verify it when nothing writes to it, or verify a snapshot",
		Fingerprint: finding.Fingerprint(Unchanged, "", ""),
	})
	if t.Backup != nil {
		t.Backup.Changing = changing
		for i := range t.Backup.Layers {
			t.Backup.Layers[i].Status = doubted(t.Backup.Layers[i].Status)
		}
	}
	if t.Boot != nil {
		t.Boot.Status = doubted(t.Boot.Status)
		for i := range t.Boot.Links {
			t.Boot.Links[i].Status = doubted(t.Boot.Links[i].Status)
		}
	}
}

// doubted is what becomes of an outcome that may be of another state.
func doubted(s finding.Status) finding.Status {
	if s == finding.Pass || s == finding.Fail {
		return finding.Unknown
	}
	return s
}

// writtenTo says which of the images was written to since it was opened, or "" for none.
func (r *Result) writtenTo(t *Target, m *engine.Machine) string {
	if r.job.Backup == nil && !r.drifts() {
		return ""
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
	return strings.Join(why, "; ")
}

// ofImages reports whether a check is about an image as a whole, or about what changed since another.
func ofImages(id string) bool {
	topic, _, _ := strings.Cut(id, ".")
	topic, _, _ = strings.Cut(topic, ":")
	return topic == "backup" || topic == "drift"
}
