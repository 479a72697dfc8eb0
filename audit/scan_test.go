package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/cache"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/scanner"
)

const scanned = "../testdata/images/rocky9-small.qcow2"

// words is an engine that matches files with a word in them, and does not look into those with another.
type words struct {
	match, skip string
	score       int
	looked      *atomic.Int64
}

func (e words) Describe() scanner.Description {
	return scanner.Description{Name: "words", Rules: 1, Digest: e.match + e.skip}
}

func (e words) Key(*scanner.Object) string                                     { return e.match + "\n" + e.skip }
func (e words) Open(context.Context, *scanner.Memory) (scanner.Session, error) { return e, nil }
func (e words) Close() error                                                   { return nil }

func (e words) Scan(_ context.Context, o *scanner.Object) ([]scanner.Match, error) {
	if e.looked != nil {
		e.looked.Add(1) // sessions are asked by several workers at a time
	}
	if e.skip != "" && bytes.Contains(o.Content, []byte(e.skip)) {
		return nil, &scanner.Skip{Reason: scanner.Encrypted, Detail: "a password is needed"}
	}
	if i := bytes.Index(o.Content, []byte(e.match)); i >= 0 {
		return []scanner.Match{{Match: finding.Match{
			Engine: "words", Rule: "Word", Score: e.score, Severity: finding.Scored(e.score), Source: "words.yar",
			Strings: []finding.MatchString{{Name: "$a", Offset: int64(i), Length: len(e.match), Excerpt: e.match}},
		}}}, nil
	}
	return nil, nil
}

func loadPolicy(t *testing.T, toml string) *policy.Policy {
	t.Helper()
	if toml == "" {
		return &policy.Policy{}
	}
	path := filepath.Join(t.TempDir(), "b.toml")
	if err := os.WriteFile(path, []byte(toml), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load([]string{path}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// told is what is said of the checks: "id status".
func told(r *Result) []string {
	var all []string
	for _, f := range r.Targets[0].Checks {
		all = append(all, f.ID+" "+string(f.Status))
	}
	return all
}

// TestScanVerdicts holds what the findings of a scan come to.
func TestScanVerdicts(t *testing.T) {
	const sshd = "PermitRootLogin"
	for name, c := range map[string]struct {
		baseline string
		engine   words
		opts     ScanOptions
		want     []string
		verdict  Verdict
	}{
		"nothing found":       {"", words{match: "no such word"}, ScanOptions{}, []string{"malware.words pass"}, Clean},
		"found":               {"", words{match: sshd, score: 80}, ScanOptions{}, []string{"malware.words/Word fail"}, Findings},
		"below --fail-on":     {"", words{match: sshd, score: 20}, ScanOptions{}, []string{"malware.words/Word fail"}, Clean},
		"below the score":     {"", words{match: sshd, score: 60}, ScanOptions{Score: 70}, []string{"malware.words/Word manual"}, Clean},
		"not looked into":     {"", words{match: "no such word", skip: sshd}, ScanOptions{}, []string{"malware.words unknown"}, NotJudged},
		"asked by a baseline": {"[malware]\nfail_on_score = 50\n", words{match: sshd, score: 60}, ScanOptions{}, []string{"malware.words/Word fail"}, Findings},
		"a baseline that is not for the guest": {
			"[baseline]\napplies_to = { os = [\"debian\"] }\n[malware]\nfail_on_score = 50\n",
			words{match: sshd, score: 60},
			ScanOptions{},
			[]string{"malware notapplicable"},
			Clean,
		},
		"such a baseline, and a flag": {
			"[baseline]\napplies_to = { os = [\"debian\"] }\n[malware]\nfail_on_score = 50\n",
			words{match: sshd, score: 60},
			ScanOptions{Asked: true},
			[]string{"malware notapplicable", "malware.words/Word fail"},
			Findings,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := loadPolicy(t, c.baseline)
			if c.baseline == "" {
				c.opts.Asked = true
			}
			s := &Scan{opts: c.opts.Over(p.Malware), engines: []scanner.Engine{c.engine}}
			r, err := Run(t.Context(), Job{Images: []string{scanned}, Policy: p, FailOn: "medium", Scan: s, Now: time.Unix(1795392000, 0)})
			if err != nil {
				t.Fatal(err)
			}
			if got := told(r); !slices.Equal(got, c.want) || r.Verdict() != c.verdict {
				t.Errorf("got %v, verdict %d; want %v, verdict %d", got, r.Verdict(), c.want, c.verdict)
			}
		})
	}
}

// TestWaiversOfAScan holds what becomes of a waiver for a rule, which no check of the policy is named after.
func TestWaiversOfAScan(t *testing.T) {
	const sshd = "PermitRootLogin"
	for name, c := range map[string]struct {
		rule    string
		engine  words
		scan    bool
		use     WaiverUse
		verdict Verdict
	}{
		"in use":           {"malware.words/Word", words{match: sshd, score: 80}, true, WaiverUsed, Clean},
		"by a pattern":     {"malware.**", words{match: sshd, score: 80}, true, WaiverUsed, Clean},
		"of another rule":  {"malware.words/Other", words{match: sshd, score: 80}, true, WaiverUnused, Findings},
		"nothing is found": {"malware.words/Word", words{match: "no such word"}, true, WaiverStale, Findings},
		"not looked into":  {"malware.words/Word", words{match: "no such word", skip: sshd}, true, WaiverUnknown, NotJudged},
		"without a scan":   {"malware.words/Word", words{}, false, WaiverUnused, Clean},
	} {
		t.Run(name, func(t *testing.T) {
			p := loadPolicy(t, "[system]\ntimezone = { exists = true }\n[[waiver]]\nrule = '"+c.rule+
				"'\nreason = 'r'\nowner = 'o'\napproved_by = 'c'\nexpires = 2027-06-30\n")
			job := Job{Images: []string{scanned}, Policy: p, FailOn: Any, Now: time.Unix(1795392000, 0)}
			if c.scan {
				job.Scan = &Scan{opts: ScanOptions{Asked: true}, engines: []scanner.Engine{c.engine}}
			}
			r, err := Run(t.Context(), job)
			if err != nil {
				t.Fatal(err)
			}
			if r.Waivers[0].Use != c.use || r.Verdict() != c.verdict {
				t.Errorf("got %s, verdict %d; want %s, verdict %d; %v", r.Waivers[0].Use, r.Verdict(), c.use, c.verdict, told(r))
			}
		})
	}
}

// TestAFindingOfAScan holds what a finding says against the file as the image's own tools show it.
func TestAFindingOfAScan(t *testing.T) {
	s := &Scan{opts: ScanOptions{Asked: true}, engines: []scanner.Engine{words{match: "PermitRootLogin", score: 80}}}
	r, err := Run(t.Context(), Job{Images: []string{scanned}, Policy: &policy.Policy{}, Scan: s, Now: time.Unix(1795392000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	f := r.Targets[0].Checks[0]
	if f.File == nil || f.Match == nil || f.File.Path != "/etc/ssh/sshd_config" || !strings.HasPrefix(f.File.SHA256, "75156b02") ||
		f.File.Class != "text" || f.Severity != finding.High || f.Policy.File != "words.yar" || f.Fix == "" || len(f.Notes) != 1 {
		t.Errorf("got %+v, file %+v, match %+v", f, f.File, f.Match)
	}
	if m := r.Targets[0].Malware; m == nil || m.Stats.Files < 10 || m.Stats.Files != m.Stats.Scanned || len(m.Engines) != 1 {
		t.Errorf("got %+v", m)
	}
}

// TestAScanIsRemembered scans an image twice: the second time nothing is looked into, unless what is looked for has changed, or the
// first scan did not see everything for a reason that may pass.
func TestAScanIsRemembered(t *testing.T) {
	dir := t.TempDir()
	scan := func(e words) int {
		t.Helper()
		e.looked = new(atomic.Int64)
		s, err := OpenScan(t.Context(), ScanOptions{Asked: true, Engines: Engines{NoYARA: true}, CacheDir: dir, Version: "1"})
		if err != nil {
			t.Fatal(err)
		}
		s.engines = []scanner.Engine{e}
		job := Job{Images: []string{scanned}, Policy: &policy.Policy{}, Scan: s, Now: time.Unix(1795392000, 0)}
		job.Engine = engine.Options{Cache: &cache.Cache{Dir: dir, Version: "1", Limit: 1 << 30}}
		if _, err := Run(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		s.Close()
		return int(e.looked.Load())
	}
	if n := scan(words{match: "a"}); n == 0 {
		t.Error("the first scan looked into nothing")
	}
	if n := scan(words{match: "a"}); n != 0 {
		t.Errorf("the second scan looked into %d files", n)
	}
	if n := scan(words{match: "b"}); n == 0 {
		t.Error("a scan for another word looked into nothing")
	}
}

// TestNothingIsScannedAndNothingPasses asks for a scan where there is nothing to scan, or nothing that scans.
func TestNothingIsScannedAndNothingPasses(t *testing.T) {
	docs, err := Gather{Root: "auto", Request: loadPolicy(t, "[system]\ntimezone = { exists = true }\n").Request(), Now: time.Unix(1795392000, 0)}.
		Image(t.Context(), scanned)
	if err != nil {
		t.Fatal(err)
	}
	stored := filepath.Join(t.TempDir(), "facts.json")
	b, err := json.Marshal(docs[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stored, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		image, baseline string
		engines         []scanner.Engine
		asked           bool
	}{
		"stored facts":                           {stored, "", []scanner.Engine{words{match: "no such word"}}, true},
		"stored facts, and a baseline that asks": {stored, "[malware]\n", []scanner.Engine{words{match: "no such word"}}, true},
		"no engine":                              {scanned, "", nil, true},
		"no engine, and a baseline that asks":    {scanned, "[malware]\n", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Scan{opts: ScanOptions{Asked: c.asked}, engines: c.engines}
			p := loadPolicy(t, "[system]\ntimezone = { exists = true }\n"+c.baseline)
			r, err := Run(t.Context(), Job{Images: []string{c.image}, Policy: p, Scan: s, Now: time.Unix(1795392000, 0)})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := told(r), []string{"malware unknown", "system.timezone pass"}; !slices.Equal(got, want) || r.Verdict() != NotJudged {
				t.Errorf("got %v, verdict %d; want %v, verdict %d", got, r.Verdict(), want, NotJudged)
			}
		})
	}
}

// TestRulesForYARAThatNobodyUses: signatures and feeds that need YARA are told, or refused where nothing is left of them.
func TestRulesForYARAThatNobodyUses(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.hdb": "44d88612fea8a8f36de82e1278abb02f:68:Test\n", "b.ndb": "Word:0:*:6d61726b65722d776f7264\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := OpenScan(t.Context(), ScanOptions{Engines: Engines{NoYARA: true, Signatures: []string{dir}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if w := s.engines[0].Describe().Warnings; len(w) != 1 || w[0] != "not used without YARA: the rules of b.ndb" {
		t.Errorf("warnings %q", w)
	}
	const want = "clamav-signatures: nothing to look for: not used without YARA: the rules of b.ndb"
	if _, err := OpenScan(t.Context(), ScanOptions{Engines: Engines{NoYARA: true, Signatures: []string{filepath.Join(dir, "b.ndb")}}}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestStoredFactsHaveNoFiles keeps a baseline that asks for a scan from passing where there is nothing to scan.
func TestStoredFactsHaveNoFiles(t *testing.T) {
	p := loadPolicy(t, "[malware]\nfail_on_score = 50\n")
	docs, err := Gather{Root: "auto", Request: p.Request(), Now: time.Unix(1795392000, 0)}.Image(t.Context(), scanned)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Judge(t.Context(), docs[0]) {
		if f.Status != finding.Unknown || !strings.Contains(f.Message, "name the image") {
			t.Errorf("got %s: %s", f.Status, f.Message)
		}
	}
}
