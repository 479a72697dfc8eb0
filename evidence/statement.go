// Package evidence makes and verifies signed statements of what guestctl found in an image.
//
// A statement is an in-toto Statement v1 (https://github.com/in-toto/attestation, spec/v1/statement.md) in a DSSE envelope
// (https://github.com/secure-systems-lab/dsse), signed with ed25519 (RFC 8032). Its subjects are the files that an image consists of, by
// their SHA-256, and its predicate is what every check came to and by what. The same result gives the same bytes.
//
// There are no certificates, no log and no network: who verifies has a list of public keys of his own. Other algorithms, and envelopes
// that bring a key with them, are refused.
package evidence

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
)

// The types of what is signed. A field may be added to version 1 of the predicate, and none renamed.
const (
	PayloadType   = "application/vnd.in-toto+json"
	StatementType = "https://in-toto.io/Statement/v1"
	PredicateType = "https://github.com/guestctl/guestctl/verdict/v1"
)

// Statement is what is signed.
type Statement struct {
	Type          string    `json:"_type"`
	Subject       []Subject `json:"subject"` // the files of all images that were judged
	PredicateType string    `json:"predicateType"`
	Predicate     Predicate `json:"predicate"`
}

// Subject is a file that the statement is about.
type Subject struct {
	Name   string `json:"name"` // in its directory
	Digest Digest `json:"digest"`
}

// Digest is the SHA-256 of something, in hexadecimal digits.
type Digest struct {
	SHA256 string `json:"sha256"`
}

// Predicate is what guestctl found, and by what.
type Predicate struct {
	Tool    audit.Tool          `json:"tool"`
	Command string              `json:"command"` // of guestctl: "gate"
	Options map[string][]string `json:"options"` // flags that were given and can change a verdict, without their dashes
	Time    string              `json:"time"`    // of the judgement, RFC 3339 in UTC
	// Result is the worst of all images and of the run as a whole.
	Result      finding.Status `json:"result"`
	FailOn      audit.FailOn   `json:"fail_on"`
	MinCoverage float64        `json:"min_coverage"` // percent
	Inputs      []Input        `json:"inputs"`       // files that the verdicts rest on
	Engines     []Engine       `json:"engines"`      // that files were shown to
	Snapshot    string         `json:"snapshot"`     // internal to the images, that was judged; "" is their current state
	Targets     []Target       `json:"targets"`
	Checks      []Check        `json:"checks"` // of the run as a whole
}

// Input is a file that the verdicts rest on.
type Input struct {
	Kind   string `json:"kind"` // "baseline", "waivers", "rego", "drift-from", ...
	Name   string `json:"name"`
	Digest Digest `json:"digest"`
}

// Engine is an engine of a scan.
type Engine struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Rules   int    `json:"rules"`
	Digest  string `json:"digest"` // of all rules, as the engine counts it; "" where it does not
	Date    string `json:"date"`   // of the signatures, where they have one
}

// Target is a guest that was judged, or an image in which none could be.
type Target struct {
	Image    string         `json:"image"` // its name in its directory
	Files    []File         `json:"files"` // that it consists of, itself first
	Root     string         `json:"root"`  // device; "" where no guest was judged
	OS       OS             `json:"os"`
	Result   finding.Status `json:"result"`
	Error    string         `json:"error"`    // why nothing was judged; "" where something was
	Coverage float64        `json:"coverage"` // of the facts that were needed, in percent
	audit.Counts
	Problems  int     `json:"problems"`  // that are told of the image
	Unscanned int     `json:"unscanned"` // files that a scan did not look into, or not wholly
	Checks    []Check `json:"checks"`
}

// File is a file of an image.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"` // bytes
	Digest Digest `json:"digest"`
}

// OS is an operating system, by its os-release.
type OS struct {
	ID        string `json:"id"`
	VersionID string `json:"version_id"`
}

// Check is what one check came to.
type Check struct {
	ID          string           `json:"id"`
	Status      finding.Status   `json:"status"`
	Severity    finding.Severity `json:"severity"`
	Fingerprint string           `json:"fingerprint"`
	Waiver      *Waiver          `json:"waiver,omitempty"`
}

// Waiver is the accepted exception that a check is waived by.
type Waiver struct {
	Reason     string `json:"reason"`
	Owner      string `json:"owner"`
	ApprovedBy string `json:"approved_by"`
	Ticket     string `json:"ticket"`
	Expires    string `json:"expires"` // the last day it holds, YYYY-MM-DD
}

// Run is what a result does not say of how it was made.
type Run struct {
	Command  string
	Options  map[string][]string
	Snapshot string
	Time     time.Time
}

// ErrNoSubject is the kind of errors about a result that is about no image of which there is a digest.
var ErrNoSubject = errors.New("there is no digest of any image")

// New makes the statement of a result whose job asked for digests.
func New(r *audit.Result, run Run) (*Statement, error) {
	s := &Statement{Type: StatementType, PredicateType: PredicateType, Predicate: Predicate{
		Tool: r.Tool, Command: run.Command, Options: run.Options, Time: run.Time.UTC().Format(time.RFC3339), Result: result(r.Verdict()),
		FailOn: r.Policy.FailOn, MinCoverage: r.Policy.MinCoverage, Inputs: []Input{}, Engines: []Engine{}, Snapshot: text(run.Snapshot),
		Targets: []Target{}, Checks: checks(r.Checks),
	}}
	p := &s.Predicate
	for _, in := range r.Inputs() {
		p.Inputs = append(p.Inputs, Input{in.Kind, text(in.Name), Digest{in.SHA256}})
	}
	for i := range r.Targets {
		t := target(&r.Targets[i])
		p.Targets = append(p.Targets, t)
		p.Engines = append(p.Engines, engines(r.Targets[i].Malware)...)
		for _, f := range t.Files {
			s.Subject = append(s.Subject, Subject{f.Name, f.Digest})
		}
	}
	if len(s.Subject) == 0 {
		return nil, ErrNoSubject
	}
	slices.SortFunc(p.Engines, func(a, b Engine) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Digest, b.Digest)) })
	p.Engines = slices.Compact(p.Engines)
	s.Subject = unique(s.Subject)
	return s, nil
}

func result(v audit.Verdict) finding.Status {
	switch v {
	case audit.Clean:
		return finding.Pass
	case audit.Findings:
		return finding.Fail
	}
	return finding.Unknown
}

// unique drops what is there already: guests of one image, and images over one backing file, share files.
func unique(subjects []Subject) []Subject {
	seen := map[Subject]bool{}
	return slices.DeleteFunc(subjects, func(s Subject) bool {
		twice := seen[s]
		seen[s] = true
		return twice
	})
}

func target(t *audit.Target) Target {
	s := Target{
		Image: text(filepath.Base(t.Image)), Files: []File{}, Result: t.Result, Error: text(t.Error), Coverage: t.Coverage, Counts: t.Counts,
		Problems: len(t.Problems), Checks: checks(t.Checks),
	}
	for _, f := range t.Files {
		s.Files = append(s.Files, File{text(f.Name), f.Size, Digest{f.SHA256}})
	}
	if t.Root != nil {
		s.Root = text(t.Root.Called())
	}
	if t.OS != nil {
		s.OS = OS{text(t.OS.ID), text(t.OS.VersionID)}
	}
	if t.Malware != nil {
		s.Unscanned = len(t.Malware.Unscanned)
	}
	return s
}

func engines(m *audit.Malware) []Engine {
	if m == nil {
		return nil
	}
	var all []Engine
	for _, e := range m.Engines {
		all = append(all, Engine{text(e.Name), text(e.Version), e.Rules, e.Digest, text(e.Date)})
	}
	return all
}

func checks(findings []finding.Finding) []Check {
	all := make([]Check, 0, len(findings))
	for _, f := range findings {
		c := Check{ID: text(f.ID), Status: f.Status, Severity: f.Severity, Fingerprint: f.Fingerprint}
		if w := f.Waiver; w != nil {
			c.Waiver = &Waiver{text(w.Reason), text(w.Owner), text(w.ApprovedBy), text(w.Ticket), w.Expires}
		}
		all = append(all, c)
	}
	return all
}

// text is a string that JSON can carry: one that is not UTF-8 is quoted as in Go, so that no two become one.
func text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.Trim(strconv.Quote(s), `"`)
}

// Bytes is the statement as it is signed: JSON without white space, its fields in the order of this file and its maps by name.
func (s *Statement) Bytes() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
