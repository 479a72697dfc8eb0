package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// Record is what a command left behind.
type Record struct {
	Exit    int
	Report  []byte            // as --format json writes it; nil where there is none
	Facts   map[string][]byte // the facts document of each image that has one guest
	Signed  []byte            // the evidence of the run; nil where there is none
	Message string            // the last it said on stderr
}

// The exit codes of guestctl that are a verdict (cmd/guestctl/exit.go).
const (
	exitClean     = 0
	exitFindings  = 1
	exitNotJudged = 3
)

// judged reports whether the command came to a verdict: anything else may do so at the next attempt.
func (r *Record) judged() bool {
	return len(r.Report) > 0 && (r.Exit == exitClean || r.Exit == exitFindings || r.Exit == exitNotJudged)
}

// outcome is what a run with this record came to.
func (r *Record) outcome() (o store.Outcome, targets []store.Target, err error) {
	var result audit.Result
	if err := json.Unmarshal(r.Report, &result); err != nil {
		return o, nil, fmt.Errorf("the report of the command: %w", err)
	}
	if len(result.Targets) == 0 {
		return o, nil, errors.New("the report of the command judges nothing")
	}
	o = store.Outcome{Exit: r.Exit, Message: r.Message, Statement: r.Signed}
	switch r.Exit {
	case exitClean:
		o.Result = finding.Pass
	case exitFindings:
		o.Result = finding.Fail
	default:
		o.Result = finding.Unknown
	}
	for i := range result.Targets {
		t := &result.Targets[i]
		o.Passed, o.Failed, o.Unknown, o.Waived = o.Passed+t.Passed, o.Failed+t.Failed, o.Unknown+t.Unknown, o.Waived+t.Waived
		targets = append(targets, targetOf(t, r.Facts[t.Image]))
	}
	return o, targets, nil
}

func targetOf(t *audit.Target, doc []byte) store.Target {
	s := store.Target{
		Image: t.Image, Machine: machineOf(t.Image, doc), Result: t.Result, Facts: doc, Passed: t.Passed, Failed: t.Failed, Unknown: t.Unknown,
		Score: -1, Findings: []store.Finding{},
	}
	if t.Score.WithWaivers != nil {
		s.Score = *t.Score.WithWaivers
	}
	if t.Error != "" {
		s.Findings = append(s.Findings, store.Finding{
			Fingerprint: finding.Fingerprint(imageID, "", ""), ID: imageID, Status: finding.Unknown, Severity: finding.High,
			Title: "The image can be judged", Message: t.Error,
		})
	}
	for _, c := range t.Checks {
		if c.Status == finding.Fail || c.Status == finding.Unknown {
			s.Findings = append(s.Findings, store.Finding{
				Fingerprint: c.Fingerprint, ID: c.ID, Status: c.Status, Severity: c.Severity, Title: c.Title, Message: c.Message,
			})
		}
	}
	return s
}

// machineOf is the name of the guest, or that of the image where the guest has none.
func machineOf(image string, doc []byte) string {
	if d, err := facts.ReadBack(bytes.NewReader(doc), engine.Collectors()); err == nil {
		return MachineName(image, d)
	}
	return MachineName(image, nil)
}

// MachineName is the name by which the history knows the guest of an image: its own by its facts, which may be nil, or that of the image.
func MachineName(image string, d *facts.Document) string {
	if d != nil {
		if name, ok := facts.Get[facts.Hostname](d, "hostname"); ok && name.Value != "" {
			return name.Value
		}
	}
	base := filepath.Base(image)
	return strings.TrimSuffix(base, filepath.Ext(base))
}
