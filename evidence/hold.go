package evidence

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
)

// skew is how far the clock that evidence was made by may be ahead.
const skew = 5 * time.Minute

// Want is what evidence has to say to be enough.
type Want struct {
	Files    []audit.HostFile // of the image at hand
	Snapshot string           // of the image, that is to be used; "" is its current state
	Require  []Requirement
	MaxAge   time.Duration // 0: any
	Now      time.Time
}

// Answer is whether one thing that was wanted holds.
type Answer struct {
	Name  string `json:"name"` // "image", "snapshot", "age", or that of a requirement
	Holds bool   `json:"holds"`
	Text  string `json:"text"`
}

// Schema names the version of Held as JSON.
const Schema = "guestctl.evidence-check/1"

// Held is what came of holding evidence against what is wanted.
type Held struct {
	Schema string `json:"schema"`
	File   string `json:"file"`
	Holds  bool   `json:"holds"`
	Key    *Key   `json:"key"` // that signed; null where no trusted one did
	// Command is what made the evidence, and Time when.
	Command string   `json:"command"`
	Time    string   `json:"time"`
	Answers []Answer `json:"answers"`
}

// Hold reads the evidence in a file, verifies its signature, and holds it against what is wanted. files is asked for those of the image
// when the signature holds. An error is about evidence or an image that cannot be read.
func Hold(name string, trusted []Key, w Want, files func() ([]audit.HostFile, error)) (*Held, error) {
	h := &Held{Schema: Schema, File: name}
	e, err := ReadFile(name)
	if err != nil {
		return h.refused(err)
	}
	s, key, err := e.Verify(trusted)
	if err != nil {
		return h.refused(err)
	}
	if w.Files, err = files(); err != nil {
		return nil, err
	}
	h.Key, h.Command, h.Time = &key, s.Predicate.Command, s.Predicate.Time
	h.Answers = append([]Answer{{"signature", true, key.ID + " of " + key.Source}}, s.Hold(w)...)
	h.Holds = !slices.ContainsFunc(h.Answers, func(a Answer) bool { return !a.Holds })
	return h, nil
}

// refused is the answer to evidence that is not to be believed. What cannot be read is an error.
func (h *Held) refused(err error) (*Held, error) {
	if !errors.Is(err, ErrRefused) {
		return nil, err
	}
	h.Answers = []Answer{{"signature", false, err.Error()}}
	return h, nil
}

// Hold holds a statement against what is wanted. It holds when every answer does.
func (s *Statement) Hold(w Want) []Answer {
	targets, image := s.image(w.Files)
	answers := []Answer{image, s.snapshot(w.Snapshot)}
	if w.MaxAge > 0 {
		answers = append(answers, s.age(w.MaxAge, w.Now))
	}
	for _, r := range w.Require {
		text, ok := "nothing is said of this image", false
		if len(targets) > 0 {
			text, ok = r.ask(s, targets, r.Value)
		}
		answers = append(answers, Answer{r.Key, ok, text})
	}
	return answers
}

// image finds the guests of the image that consists of the given files.
func (s *Statement) image(files []audit.HostFile) ([]*Target, Answer) {
	const name = "image"
	subjects := map[Digest]bool{}
	for _, sub := range s.Subject {
		subjects[sub.Digest] = true
	}
	var targets []*Target
	for i := range s.Predicate.Targets {
		t := &s.Predicate.Targets[i]
		if len(files) == 0 || !slices.EqualFunc(t.Files, files, func(a File, b audit.HostFile) bool { return a.Digest.SHA256 == b.SHA256 }) {
			continue
		}
		if slices.ContainsFunc(t.Files, func(f File) bool { return !subjects[f.Digest] }) {
			return nil, Answer{name, false, "the evidence contradicts itself: a file of the image is not among its subjects"}
		}
		targets = append(targets, t)
	}
	if len(targets) > 0 {
		return targets, Answer{name, true, "sha256:" + files[0].SHA256 + backing(len(files)-1)}
	}
	if len(files) == 0 {
		return nil, Answer{name, false, "no file to hold it against"}
	}
	for i := range s.Predicate.Targets {
		if t := &s.Predicate.Targets[i]; len(t.Files) > 0 && t.Files[0].Digest.SHA256 == files[0].SHA256 {
			return nil, Answer{name, false, "the image is that of the evidence, and " + otherFile(t.Files, files)}
		}
	}
	return nil, Answer{name, false, "sha256:" + files[0].SHA256 + " is not what the evidence is about"}
}

func backing(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return " and the 1 file that it names"
	}
	return fmt.Sprintf(" and the %d files that it names", n)
}

// otherFile says which of the files that an image names is another one.
func otherFile(want []File, got []audit.HostFile) string {
	for i := range min(len(want), len(got)) {
		if want[i].Digest.SHA256 != got[i].SHA256 {
			return got[i].Name + ", which it names, is not"
		}
	}
	return fmt.Sprintf("it consists of %d files, in the evidence of %d", len(got), len(want))
}

func (s *Statement) snapshot(want string) Answer {
	named := func(s string) string {
		if s == "" {
			return "the current state"
		}
		return "snapshot " + s
	}
	got := s.Predicate.Snapshot
	if got != text(want) {
		return Answer{"snapshot", false, "judged was " + named(got) + ", wanted is " + named(want)}
	}
	return Answer{"snapshot", true, named(got)}
}

func (s *Statement) age(most time.Duration, now time.Time) Answer {
	at, err := time.Parse(time.RFC3339, s.Predicate.Time)
	if err != nil {
		return Answer{"age", false, "the time " + strconv.Quote(s.Predicate.Time) + " cannot be read"}
	}
	said := "of " + s.Predicate.Time + ", "
	switch age := now.Sub(at); {
	case age < -skew:
		return Answer{"age", false, said + "which is to come"}
	case age > most:
		return Answer{"age", false, said + "older than " + days(most)}
	}
	return Answer{"age", true, said + "at most " + days(most) + " old"}
}

func days(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return strings.TrimSuffix(d.String(), "0s")
}

// Requirement is something that the verdict on an image has to be.
type Requirement struct {
	Key, Value string

	ask func(s *Statement, targets []*Target, value string) (text string, holds bool)
}

// requirement is a kind of Requirement.
type requirement struct {
	key string // a "NAME" behind its colon stands for any text
	doc string
	ask func(s *Statement, targets []*Target, value string) (text string, holds bool)
	ok  func(value string) bool // whether such a value can be
}

func requirements() []requirement {
	return []requirement{
		{"result", "pass, fail or unknown, of every guest of the image and of the run", askResult, oneOf(finding.Pass, finding.Fail, finding.Unknown)},
		{"coverage", "percent of the needed facts that were read, at least", askCoverage, isPercent},
		{"command", "of guestctl: gate, scan, ...", askCommand, anyText},
		{"version", "of guestctl", askVersion, anyText},
		{"fail-on", "mildest severity that failed", askFailOn, func(v string) bool { return slices.Contains(audit.FailOns(), v) }},
		{"input", "SHA-256 of a file that the verdict rests on, such as a baseline", askInput, isDigest},
	}
}

// checkKey begins the requirement of one check: check:ID=pass.
const checkKey = "check:"

// RequirementKeys lists what can be required, with what it is.
func RequirementKeys() []string {
	var keys []string
	for _, r := range requirements() {
		keys = append(keys, r.key)
	}
	return append(keys, checkKey+"ID")
}

// ParseRequirement reads KEY=VALUE.
func ParseRequirement(s string) (Requirement, error) {
	cut := strings.IndexByte(s, '=')
	if strings.HasPrefix(s, checkKey) {
		cut = strings.LastIndexByte(s, '=') // an id may have one, too
	}
	if cut < 0 {
		return Requirement{}, fmt.Errorf("%q, want KEY=VALUE with KEY one of %s", s, strings.Join(RequirementKeys(), ", "))
	}
	key, value := s[:cut], s[cut+1:]
	if id, ok := strings.CutPrefix(key, checkKey); ok && id != "" {
		if !isStatus(value) {
			return Requirement{}, fmt.Errorf("%s=%q, want a status such as pass or waived", key, value)
		}
		return Requirement{key, value, func(_ *Statement, ts []*Target, v string) (string, bool) { return askCheck(ts, id, v) }}, nil
	}
	for _, r := range requirements() {
		switch {
		case r.key != key:
		case !r.ok(value):
			return Requirement{}, fmt.Errorf("%s=%q, want %s", key, value, r.doc)
		default:
			return Requirement{key, value, r.ask}, nil
		}
	}
	return Requirement{}, fmt.Errorf("%q, want KEY=VALUE with KEY one of %s", s, strings.Join(RequirementKeys(), ", "))
}

func oneOf(all ...finding.Status) func(string) bool {
	return func(v string) bool { return slices.Contains(all, finding.Status(v)) }
}

func isStatus(v string) bool {
	return oneOf(finding.Pass, finding.Fail, finding.Unknown, finding.NotApplicable, finding.Waived, finding.Manual)(v)
}

func isPercent(v string) bool {
	n, err := strconv.ParseFloat(v, 64)
	return err == nil && n >= 0 && n <= 100
}

func isDigest(v string) bool {
	return len(v) == 64 && strings.Trim(v, "0123456789abcdef") == ""
}

func anyText(v string) bool { return v != "" }

func equal(got, want string) (string, bool) {
	if got != want {
		return fmt.Sprintf("is %s, want %s", cmp.Or(got, "nothing"), want), false
	}
	return got, true
}

// askResult asks for the worst of the guests of the image. What the run as a whole failed for, no guest passed.
func askResult(s *Statement, targets []*Target, want string) (string, bool) {
	got := finding.Pass
	for _, t := range targets {
		if t.Result == finding.Fail || got == finding.Pass {
			got = t.Result
		}
	}
	p := &s.Predicate
	if slices.ContainsFunc(p.Checks, func(c Check) bool { return c.Status == finding.Fail && p.FailOn.Reached(c.Severity) }) {
		got = finding.Fail
	}
	text, holds := equal(string(got), want)
	return text + of(targets), holds
}

// of names the guests that were judged: of an image with several, one may have been chosen.
func of(targets []*Target) string {
	var roots []string
	for _, t := range targets {
		if t.Root != "" && !slices.Contains(roots, t.Root) {
			roots = append(roots, t.Root)
		}
	}
	if len(roots) == 0 {
		return ""
	}
	return ", of the guest on " + strings.Join(roots, " and that on ")
}

func askCoverage(_ *Statement, targets []*Target, want string) (string, bool) {
	least, _ := strconv.ParseFloat(want, 64) // isPercent
	got := 100.0
	for _, t := range targets {
		got = min(got, t.Coverage)
	}
	return fmt.Sprintf("%v %%, want at least %v %%", got, least), got >= least
}

func askCommand(s *Statement, _ []*Target, want string) (string, bool) {
	return equal(s.Predicate.Command, want)
}

func askVersion(s *Statement, _ []*Target, want string) (string, bool) {
	return equal(s.Predicate.Tool.Version, want)
}

func askFailOn(s *Statement, _ []*Target, want string) (string, bool) {
	return equal(string(s.Predicate.FailOn), want)
}

func askInput(s *Statement, _ []*Target, want string) (string, bool) {
	for _, in := range s.Predicate.Inputs {
		if in.Digest.SHA256 == want {
			return in.Kind + " " + in.Name, true
		}
	}
	return "no file with the digest " + want, false
}

// askCheck asks for one check of every guest of the image. A check that a guest does not have is nothing.
func askCheck(targets []*Target, id, want string) (string, bool) {
	for _, t := range targets {
		found := false
		for _, c := range t.Checks {
			if c.ID != id {
				continue
			}
			found = true
			if string(c.Status) != want {
				return equal(string(c.Status), want)
			}
		}
		if !found {
			return equal("", want)
		}
	}
	return want, true
}
