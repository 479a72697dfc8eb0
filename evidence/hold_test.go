package evidence

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
)

// sample is a statement about two guests of an image with a backing file, and an image that could not be judged.
func sample() *Statement {
	files := []File{{"web.qcow2", 1, Digest{"aa"}}, {"base.qcow2", 2, Digest{"bb"}}}
	return &Statement{
		Type: StatementType, PredicateType: PredicateType, Subject: []Subject{{"web.qcow2", Digest{"aa"}}, {"base.qcow2", Digest{"bb"}}, {"db.qcow2", Digest{"cc"}}},
		Predicate: Predicate{
			Tool: audit.Tool{Name: "guestctl", Version: "1.2.3"}, Command: "gate", Time: "2026-11-23T00:00:00Z", Result: finding.Unknown, FailOn: "high",
			Inputs: []Input{{"baseline", "b.toml", Digest{strings.Repeat("d", 64)}}},
			Targets: []Target{
				{Image: "web.qcow2", Files: files, Root: "p1", Result: finding.Pass, Coverage: 100, Checks: []Check{{ID: "a=b", Status: finding.Pass}}},
				{Image: "web.qcow2", Files: files, Root: "p2", Result: finding.Pass, Coverage: 97.5, Checks: []Check{
					{ID: "a=b", Status: finding.Pass}, {ID: "a=b", Status: finding.Waived}, {ID: "c", Status: finding.Pass},
				}},
				{Image: "db.qcow2", Files: []File{{"db.qcow2", 3, Digest{"cc"}}}, Result: finding.Unknown, Error: "encrypted"},
			},
		},
	}
}

func filesOf(digests ...string) (files []audit.HostFile) {
	for _, d := range digests {
		files = append(files, audit.HostFile{Name: d + ".qcow2", SHA256: d})
	}
	return files
}

func TestWhatHolds(t *testing.T) {
	web, db := filesOf("aa", "bb"), filesOf("cc")
	for name, c := range map[string]struct {
		change  func(s *Statement)
		files   []audit.HostFile
		want    Want
		require string
		holds   bool
		text    string
	}{
		"the image":                         {files: web, holds: true, text: "sha256:aa and the 1 file that it names"},
		"an image that was not judged":      {files: db, holds: true, text: "sha256:cc"},
		"another image":                     {files: filesOf("ee", "bb"), text: "sha256:ee is not what the evidence is about"},
		"another backing file":              {files: filesOf("aa", "ee"), text: "ee.qcow2, which it names, is not"},
		"no backing file any more":          {files: filesOf("aa"), text: "it consists of 1 files, in the evidence of 2"},
		"a backing file more":               {files: filesOf("aa", "bb", "cc"), text: "it consists of 3 files, in the evidence of 2"},
		"the backing file alone":            {files: filesOf("bb"), text: "is not what the evidence is about"},
		"no file":                           {text: "no file to hold it against"},
		"a file that is no subject":         {change: func(s *Statement) { s.Subject = s.Subject[:1] }, files: web, text: "not among its subjects"},
		"targets without files":             {change: func(s *Statement) { s.Predicate.Targets[0].Files = nil }, files: nil, text: "no file"},
		"a snapshot":                        {change: func(s *Statement) { s.Predicate.Snapshot = "monday" }, files: web, want: Want{Snapshot: "monday"}, holds: true, text: "snapshot monday"},
		"a snapshot, and the current state": {change: func(s *Statement) { s.Predicate.Snapshot = "monday" }, files: web, text: "judged was snapshot monday, wanted is the current state"},
		"the current state, and a snapshot": {files: web, want: Want{Snapshot: "monday"}, text: "judged was the current state"},
		"young enough":                      {files: web, want: Want{MaxAge: 24 * time.Hour, Now: day.Add(24 * time.Hour)}, holds: true, text: "at most 1d old"},
		"too old":                           {files: web, want: Want{MaxAge: 24 * time.Hour, Now: day.Add(24*time.Hour + time.Second)}, text: "older than 1d"},
		"too old by hours":                  {files: web, want: Want{MaxAge: 90 * time.Minute, Now: day.Add(2 * time.Hour)}, text: "older than 1h30m"},
		"from the future":                   {files: web, want: Want{MaxAge: 24 * time.Hour, Now: day.Add(-time.Hour)}, text: "which is to come"},
		"a clock that is ahead":             {files: web, want: Want{MaxAge: 24 * time.Hour, Now: day.Add(-time.Minute)}, holds: true, text: "at most 1d old"},
		"no time":                           {change: func(s *Statement) { s.Predicate.Time = "" }, files: web, want: Want{MaxAge: time.Hour, Now: day}, text: "cannot be read"},
		"result":                            {files: web, require: "result=pass", holds: true, text: "pass, of the guest on p1 and that on p2"},
		"result, one guest failed":          {change: func(s *Statement) { s.Predicate.Targets[0].Result = finding.Fail }, files: web, require: "result=pass", text: "is fail, want pass"},
		"result, one guest is unknown":      {change: func(s *Statement) { s.Predicate.Targets[1].Result = finding.Unknown }, files: web, require: "result=pass", text: "is unknown"},
		"result, of a stale waiver": {change: func(s *Statement) {
			s.Predicate.Checks = []Check{{ID: "w", Status: finding.Fail, Severity: finding.High}}
		}, files: web, require: "result=pass", text: "is fail"},
		"result, of a mild stale waiver": {change: func(s *Statement) {
			s.Predicate.Checks = []Check{{ID: "w", Status: finding.Fail, Severity: finding.Low}}
		}, files: web, require: "result=pass", holds: true, text: "pass"},
		"result of another image":               {files: filesOf("ee"), require: "result=pass", text: "nothing is said of this image"},
		"result of an image that is not judged": {files: db, require: "result=pass", text: "is unknown"},
		"result fail":                           {files: web, require: "result=fail", text: "is pass, want fail"},
		"coverage":                              {files: web, require: "coverage=97.5", holds: true, text: "97.5 %"},
		"coverage too low":                      {files: web, require: "coverage=98", text: "97.5 %, want at least 98 %"},
		"command":                               {files: web, require: "command=gate", holds: true, text: "gate"},
		"another command":                       {files: web, require: "command=scan", text: "is gate, want scan"},
		"version":                               {files: web, require: "version=1.2.3", holds: true, text: "1.2.3"},
		"fail-on":                               {files: web, require: "fail-on=high", holds: true, text: "high"},
		"another fail-on":                       {files: web, require: "fail-on=any", text: "is high, want any"},
		"input":                                 {files: web, require: "input=" + strings.Repeat("d", 64), holds: true, text: "baseline b.toml"},
		"another input":                         {files: web, require: "input=" + strings.Repeat("e", 64), text: "no file with the digest"},
		"a check that one guest does not have":  {files: web, require: "check:c=pass", text: "is nothing, want pass"},
		"a check that does not pass everywhere": {files: web, require: "check:a=b=pass", text: "is waived, want pass"},
	} {
		t.Run(name, func(t *testing.T) {
			s, w := sample(), c.want
			if c.change != nil {
				c.change(s)
			}
			if c.require != "" {
				r, err := ParseRequirement(c.require)
				if err != nil {
					t.Fatal(err)
				}
				w.Require = []Requirement{r}
			}
			w.Files = c.files
			answers := s.Hold(w)
			holds := !slices.ContainsFunc(answers, func(a Answer) bool { return !a.Holds })
			if holds != c.holds || !slices.ContainsFunc(answers, func(a Answer) bool { return a.Holds == c.holds && strings.Contains(a.Text, c.text) }) {
				t.Errorf("holds: %t, want %t with %q: %+v", holds, c.holds, c.text, answers)
			}
		})
	}
}

func TestRequirementsThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "want KEY=VALUE with KEY one of result, coverage, command, version, fail-on, input, check:ID",
		"result":             "want KEY=VALUE",
		"results=pass":       "want KEY=VALUE",
		"result=passed":      "want pass, fail or unknown",
		"coverage=101":       "want percent",
		"coverage=NaN":       "want percent",
		"command=":           "want of guestctl",
		"fail-on=severe":     "want mildest severity",
		"input=abc":          "want SHA-256",
		"check:=pass":        "want KEY=VALUE",
		"check:a=maybe":      "want a status",
		"check:packages.x/y": "want KEY=VALUE",
	} {
		if _, err := ParseRequirement(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestHoldTellsWhatCannotBeReadFromWhatIsNotBelieved(t *testing.T) {
	good, r := signed(t)
	trusted, err := Trust("testdata/openssl.pem")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "e.jsonl")
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	asked := false
	files := func() ([]audit.HostFile, error) {
		asked = true
		return r.Targets[0].Files, nil
	}
	h, err := Hold(path, trusted, Want{}, files)
	if err != nil || !h.Holds || h.Key == nil || !asked {
		t.Errorf("%+v, %v, want that it holds", h, err)
	}
	if _, err := Hold(path, trusted, Want{}, func() ([]audit.HostFile, error) { return nil, os.ErrNotExist }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an image that is not there: %v", err)
	}
	if _, err := Hold(path+"x", trusted, Want{}, files); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("evidence that is not there: %v", err)
	}
	if err := os.WriteFile(path, good[1:], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Hold(path, trusted, Want{}, files); !errors.Is(err, ErrForm) {
		t.Errorf("damaged evidence: %v", err)
	}
	if err := os.WriteFile(path, []byte(`{"payloadType":"x","payload":"","signatures":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	asked = false
	if h, err := Hold(path, trusted, Want{}, files); err != nil || h.Holds || h.Key != nil || asked {
		t.Errorf("%+v, %v, image read: %t; want that it does not hold, before the image is read", h, err, asked)
	}
}
