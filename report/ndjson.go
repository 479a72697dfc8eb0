package report

import (
	"encoding/json"
	"io"
	"reflect"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
)

// NDJSON writes one JSON object per line: first the run, then each guest and after it its checks, then the
// checks of the run as a whole and the waivers. The member "type" says
// which; the others are those of the JSON report.
func NDJSON(w io.Writer, r *audit.Result) error {
	enc := json.NewEncoder(w)
	write := func(v any) error { return enc.Encode(valid(reflect.ValueOf(v)).Interface()) }
	if err := write(struct {
		Type    string        `json:"type"`
		Schema  string        `json:"schema"`
		Tool    audit.Tool    `json:"tool"`
		Policy  audit.Policy  `json:"policy"`
		Summary audit.Summary `json:"summary"`
	}{"run", r.Schema, r.Tool, r.Policy, r.Summary}); err != nil {
		return err
	}
	for _, tg := range r.Targets {
		checks := tg.Checks
		if err := write(ndjsonTarget{"target", tg, nil}); err != nil {
			return err
		}
		for _, c := range checks {
			if err := write(struct {
				Type  string `json:"type"`
				Image string `json:"image"`
				Root  string `json:"root"` // the device of the guest's root
				finding.Finding
			}{"check", tg.Image, rootDevice(&tg), c}); err != nil {
				return err
			}
		}
	}
	for _, c := range r.Checks {
		if err := write(struct {
			Type string `json:"type"`
			finding.Finding
		}{"run_check", c}); err != nil {
			return err
		}
	}
	for _, waiver := range r.Waivers {
		if err := write(struct {
			Type string `json:"type"`
			audit.Waiver
		}{"waiver", waiver}); err != nil {
			return err
		}
	}
	return nil
}

// ndjsonTarget is a target without its checks, which have lines of their own.
type ndjsonTarget struct {
	Type string `json:"type"`
	audit.Target
	Checks *struct{} `json:"checks,omitempty"`
}
