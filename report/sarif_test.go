package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
)

// sarifOf writes a result, holds it against the schema and the rules of code scanning, and reads it back.
func sarifOf(t *testing.T, r *audit.Result, format string) *sarif.Run {
	t.Helper()
	f, err := Find(format)
	if err != nil {
		t.Fatal(err)
	}
	b := written(t, f, r)
	if err := sarifJSONSchema(t).Validate(unmarshal(t, b)); err != nil {
		t.Error(err)
	}
	log, err := sarif.FromBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	codeScanning(t, log)
	return log.Runs[0]
}

// sarifJSONSchema is the schema that OASIS published with errata 01.
func sarifJSONSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	b, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("sarif.json", unmarshal(t, b)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSARIF holds the mapping of statuses against the table of the documentation.
func TestSARIF(t *testing.T) {
	run := sarifOf(t, sample(), "sarif")
	if n := len(run.Tool.Driver.Rules); n != 9 {
		t.Errorf("%d rules, want all 8 checks of the policy and the one of the run", n)
	}
	got := map[string]*sarif.Result{}
	for _, r := range run.Results {
		got[*r.RuleID] = r
	}
	for id, want := range map[string]struct {
		kind, level, uri string
		line             int
	}{
		"files.checksums:/etc/x": {"fail", "error", "b.toml", 3},
		"ssh-root-login":         {"fail", "error", "rules/rego/ssh/root_login.rego", 20},
		"system.a":               {"review", "none", "b.toml", 1},
		"system.c":               {"fail", "note", "b.toml", 1},
		"system.d":               {"review", "none", "b.toml", 1},
		Escape("waiver.stale/system.z" + hostile): {"fail", "note", "waivers.toml", 9},
	} {
		r := got[id]
		if r == nil {
			t.Errorf("%s is missing", id)
			continue
		}
		at := r.Locations[0].PhysicalLocation
		if r.Kind != want.kind || r.Level != want.level || *at.ArtifactLocation.URI != want.uri || *at.Region.StartLine != want.line {
			t.Errorf("%s: %s %s %s:%d, want %+v", id, r.Kind, r.Level, *at.ArtifactLocation.URI, *at.Region.StartLine, want)
		}
		delete(got, id)
	}
	for id := range got {
		t.Errorf("%s needs no attention and is there", id)
	}
	fail := run.Results[0]
	if !strings.Contains(*fail.Message.Text, "\n/etc/y\n") || *fail.Locations[0].LogicalLocations[2].Name != "/etc/y" {
		t.Errorf("the evidence is not in the message and the logical locations: %q", *fail.Message.Text)
	}
}

// TestSARIFWithoutAPolicyStandsAtTheImage holds what verify-backup and drift say without a baseline against what readers ask for.
func TestSARIFWithoutAPolicyStandsAtTheImage(t *testing.T) {
	for name, hostile := range hostiles() {
		run := sarifOf(t, sampleBackups(hostile), "sarif-all")
		uris := map[string]bool{}
		for _, r := range run.Results {
			uris[*r.Locations[0].PhysicalLocation.ArtifactLocation.URI] = true
		}
		if want := map[string]bool{"backup.qcow2": true, "compared.qcow2": true, "sealed.qcow2": true, "drifted.qcow2": true}; !maps.Equal(uris, want) {
			t.Errorf("%s: results at %v, want the images", name, uris)
		}
		for _, rule := range run.Tool.Driver.Rules {
			if tag := rule.Properties.Tags[1]; tag != "backup" && tag != "drift" {
				t.Errorf("%s: %s is about %s", name, *rule.ID, tag)
			}
		}
	}
}

// TestSARIFListsTheRuleOfEveryFinding holds findings of judges that the list of checks does not have.
func TestSARIFListsTheRuleOfEveryFinding(t *testing.T) {
	r := sample()
	r.Policy.Rules = r.Policy.Rules[1:]
	if n := len(sarifOf(t, r, "sarif").Tool.Driver.Rules); n != 9 {
		t.Errorf("%d rules, want 7 of the policy and those of two findings", n)
	}
}

func TestSARIFWaiversAreSuppressions(t *testing.T) {
	for _, r := range sarifOf(t, sample(), "sarif").Results {
		if waived := *r.RuleID == "system.c"; waived != (len(r.Suppressions) == 1) {
			t.Errorf("%s: suppressions %v", *r.RuleID, r.Suppressions)
		} else if waived && (*r.Suppressions[0].Status != "accepted" || !strings.Contains(*r.Suppressions[0].Justification, "2026-12-31")) {
			t.Errorf("suppression %+v", *r.Suppressions[0])
		}
	}
}

// TestSARIFTellsWhatWasNotJudged holds unknown checks and images in the notifications.
func TestSARIFTellsWhatWasNotJudged(t *testing.T) {
	r := sample()
	r.Targets[1].Image = "gone.qcow2"
	in := sarifOf(t, r, "sarif").Invocations[0]
	if *in.ExecutionSuccessful {
		t.Error("a run with an image that was not judged is successful")
	}
	var ids []string
	for _, n := range in.ToolExecutionNotifications {
		ids = append(ids, *n.Descriptor.ID+" "+n.Level)
		if *n.Descriptor.ID == "unknown" && *n.AssociatedRule.ID != "system.a" {
			t.Errorf("unknown of %s", *n.AssociatedRule.ID)
		}
		if *n.Descriptor.ID == "not-judged" && !strings.HasPrefix(*n.Message.Text, "gone.qcow2 was not judged: no operating system") {
			t.Errorf("message %q", *n.Message.Text)
		}
	}
	if got := strings.Join(ids, ", "); got != "unknown warning, problem warning, not-judged error" {
		t.Errorf("notifications %s", got)
	}
	if n := len(in.ToolConfigurationNotifications); n != 2 {
		t.Errorf("%d notifications of the policy, want its warning and its disabled check", n)
	}
	r.Targets = r.Targets[:1]
	if in := sarifOf(t, r, "sarif").Invocations[0]; !*in.ExecutionSuccessful {
		t.Error("an unknown check makes the run unsuccessful")
	}
}

func TestSARIFHasPassesOnRequest(t *testing.T) {
	kinds := map[string]string{}
	for _, r := range sarifOf(t, sample(), "sarif-all").Results {
		kinds[*r.RuleID] = r.Kind
	}
	if len(kinds) != 8 || kinds["packages.required/nginx"] != "pass" || kinds["system.b"] != "notApplicable" {
		t.Errorf("kinds %v", kinds)
	}
}

// TestSARIFFingerprints are the same for the same finding, wherever the image lies, and others for another image or guest.
func TestSARIFFingerprints(t *testing.T) {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	fingerprint := func(change func(*audit.Target)) string {
		r := sample()
		change(&r.Targets[0])
		return sarifOf(t, r, "sarif").Results[0].PartialFingerprints["primaryLocationLineHash"]
	}
	want := fingerprint(func(*audit.Target) {})
	for name, image := range map[string]string{"below": filepath.Join(dir, "disk.qcow2"), "elsewhere": "/elsewhere/disk.qcow2", "above": "../disk.qcow2"} {
		if got := fingerprint(func(tg *audit.Target) { tg.Image = image }); got != want {
			t.Errorf("%s: another fingerprint", name)
		}
	}
	if fingerprint(func(tg *audit.Target) { tg.Checks[0].Message, tg.Checks[0].Where = "other", nil }) != want {
		t.Error("another message gives another fingerprint")
	}
	for name, change := range map[string]func(*audit.Target){
		"image": func(tg *audit.Target) { tg.Image = "other.qcow2" },
		"root":  func(tg *audit.Target) { tg.Root.Device = "p3" },
		"check": func(tg *audit.Target) { tg.Checks[0].Fingerprint = "ff" },
	} {
		if fingerprint(change) == want {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
}

func TestSARIFCutsWhatCodeScanningRefuses(t *testing.T) {
	r := sample()
	rule := &r.Policy.Rules[0]
	rule.Title, rule.Description = strings.Repeat("é", 2000), strings.Repeat("w ", 2000)
	rule.Controls = map[string][]string{}
	for i := range 40 {
		rule.Controls["nist_800_53"] = append(rule.Controls["nist_800_53"], "AC-"+strconv.Itoa(i))
	}
	r.Targets[0].Checks[0].Where = slices.Repeat([]finding.Location{{Path: "/x"}}, 2000)
	got := sarifOf(t, r, "sarif").Tool.Driver.Rules[0]
	if !strings.HasSuffix(*got.ShortDescription.Text, "é…") || !strings.Contains(*got.Help.Text, "AC-39") {
		t.Error("what is cut is not marked, or is not in the help")
	}
}

// TestSARIFSchemaCanSayNo breaks a report in ways the schema is there for.
func TestSARIFSchemaCanSayNo(t *testing.T) {
	f, err := Find("sarif")
	if err != nil {
		t.Fatal(err)
	}
	b := written(t, f, sample())
	for name, change := range map[string][2]string{
		"kind":      {`"kind": "review"`, `"kind": "unknown"`},
		"line":      {`"startLine": 3`, `"startLine": 0`},
		"member":    {`"ruleIndex": 0`, `"ruleIndexes": 0`},
		"no driver": {`"driver"`, `"drivers"`},
	} {
		broken := bytes.Replace(b, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(broken, b) || sarifJSONSchema(t).Validate(unmarshal(t, broken)) == nil {
			t.Errorf("%s: the schema says yes", name)
		}
	}
}

func TestMessagesHaveNoLinksAndPlaceholders(t *testing.T) {
	for in, want := range map[string]string{
		"[a](1)":    `[a]\(1)`,
		"{0} {x}":   "{{0}} {x}",
		"plain [x]": "plain [x]",
		"":          "-",
	} {
		if got := plainMessage(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestPolicyPaths(t *testing.T) {
	files := []string{"policy/first.toml"}
	for file, want := range map[string]string{
		"b.toml":                            "b.toml",
		"./policy/../policy/b.toml":         "policy/b.toml",
		"/repo/policy/b.toml":               "policy/b.toml",
		"/elsewhere/b.toml":                 "b.toml",
		"../b.toml":                         "b.toml",
		"/repo":                             "repo",
		"":                                  "policy/first.toml",
		"builtin:ssh/root_login.rego":       "rules/rego/ssh/root_login.rego",
		"builtin:rules/rego/ssh/x.rego":     "rules/rego/ssh/x.rego",
		"builtin:linux-server":              "baselines/linux-server.toml",
		"builtin:../../etc/passwd.rego":     "rules/rego/etc/passwd.rego",
		"builtin:/rules/rego/ssh/deep.rego": "rules/rego/ssh/deep.rego",
	} {
		if got := policyPath(finding.Position{File: file}, files, "/repo"); got != want {
			t.Errorf("%q is %q, want %q", file, got, want)
		}
	}
	if got := policyPath(finding.Position{}, nil, "/repo"); got != "baseline.toml" {
		t.Errorf("no file is %q", got)
	}
	for name, want := range map[string]string{"a b/ü.toml": "a%20b/%C3%BC.toml", "c:d.toml": "./c:d.toml", "x?y#z": "x%3Fy%23z", "\xff": "%FF"} {
		if got := relativeURI(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

// TestSARIFIsJSONForGo reads what the library would drop: properties stand beside the tags, where code scanning reads them.
func TestSARIFIsJSONForGo(t *testing.T) {
	f, err := Find("sarif")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Runs []struct {
			Tool struct {
				Driver struct {
					Rules []struct {
						Properties map[string]any `json:"properties"`
					} `json:"rules"`
				} `json:"driver"`
			} `json:"tool"`
		} `json:"runs"`
	}
	if err := json.Unmarshal(written(t, f, sample()), &doc); err != nil {
		t.Fatal(err)
	}
	if p := doc.Runs[0].Tool.Driver.Rules[2].Properties; p["security-severity"] != "9.5" || len(p["tags"].([]any)) != 5 {
		t.Errorf("properties %v", p)
	}
}
