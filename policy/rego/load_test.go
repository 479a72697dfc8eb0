package rego

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// meta is the metadata of a check in tests.
func meta(id, facts string) string {
	return "# METADATA\n# title: T\n# custom:\n#   id: " + id + "\n#   facts: [" + facts + "]\npackage x." + strings.ReplaceAll(id, "-", "_") + "\n\n"
}

// write puts files into a folder of the test.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// loaded loads and compiles the files, and returns the error without the folder's name.
func loaded(t *testing.T, files map[string]string) (*Judge, string) {
	t.Helper()
	dir := write(t, files)
	p, err := Load([]string{dir}, "")
	var j *Judge
	if err == nil {
		j = p.Judge(p.Checks, nil, nil)
		err = j.Compile()
	}
	if err == nil {
		return j, ""
	}
	return nil, strings.ReplaceAll(err.Error(), dir+"/", "")
}

// TestMistakes holds what is said of a policy that is wrong. Nothing is judged by one.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"syntax", "package a\n\ndeny contains \"x\" if {\n", "a.rego:4:1: unexpected eof token"},
		{"a fact that does not exist", meta("a", "sshd") + "deny contains \"x\" if input.sshd.efective.port.value == \"1\"\n", "a.rego:8:33: no fact input.sshd.efective, did you mean input.sshd.effective?"},
		{"a fact that does not exist, in a map", meta("a", "sshd") + "deny contains \"x\" if input.sshd.effective.port.vaule == \"1\"\n", "a.rego:8:48: no fact input.sshd.effective.port.vaule, did you mean input.sshd.effective.port.value?"},
		{"a fact that does not exist, by way of a variable", meta("a", "users") + "deny contains \"x\" if {\n\tsome u in input.users\n\tu.shadow.sate == \"empty\"\n}\n", "a.rego:10:11: no fact "},
		{"a fact that does not exist, by a name in a variable", meta("a", "sshd") + "deny contains \"x\" if {\n\tk := \"efective\"\n\tinput.sshd[k].port.value == \"1\"\n}\n", "no fact input.sshd.efective, did you mean input.sshd.effective?"},
		{"a keyword of sshd that does not exist", meta("a", "sshd") + "deny contains \"x\" if input.sshd.effective.permitrootlogn.value == \"1\"\n", "a.rego:8:43: no fact input.sshd.effective.permitrootlogn, did you mean input.sshd.effective.permitrootlogin?"},
		{"a keyword of sshd that does not exist, in a Match block", meta("a", "sshd") + "deny contains \"x\" if {\n\tsome m in input.sshd.match\n\tm.settings.prot.value == \"1\"\n}\n", "a.rego:10:13: no fact "},
		{"a keyword of sshd among the needs", meta("a", "sshd.effective.permitrootlogn") + "deny contains \"x\" if input.sshd.version == \"1\"\n", "did you mean input.sshd.effective.permitrootlogin?"},
		{"no rule that could find anything", meta("a", "sshd") + "dney contains \"x\" if input.sshd.version == \"1\"\n", "a.rego:1:1: check a has no rule called deny, violation or warn: it could not fail; it has dney, did you mean deny?"},
		{"no rule at all", meta("a", "sshd"), "a.rego:1:1: check a has no rule called deny"},
		{"a check without an id", strings.ReplaceAll(meta("a", "sshd"), "#   id: a\n", "") + "deny contains \"x\" if input.sshd.version == \"1\"\n", "a.rego:1:1: custom.facts is for a check of guestctl, and there is no custom.id"},
		{"a parameter that does not exist", strings.ReplaceAll(meta("a", "sshd"), "facts:", "params: {old: {type: string, default: a}}\n#   facts:") + "deny contains \"x\" if input.sshd.version == data.guestctl.params.a.odl\n", "a.rego:9:67: check a has no parameter odl, did you mean old?"},
		{"a parameter of a check that does not exist", meta("a", "sshd") + "import data.guestctl.params\n\ndeny contains \"x\" if input.sshd.version == params[\"b\"].old\n", "a.rego:10:51: no check b takes parameters here"},
		{"data that do not exist", meta("a", "sshd") + "deny contains \"x\" if input.sshd.version in data.sites.old\n", "a.rego:8:49: nothing is called data.sites, did you mean data.site?"},
		{"data that do not exist, below others", meta("a", "sshd") + "deny contains \"x\" if input.sshd.version in data.site.odl\n", "a.rego:8:54: nothing is called data.site.odl, did you mean data.site.old?"},
		{"a file that is not asked for", strings.ReplaceAll(meta("a", "sshd"), "facts:", "files: [/etc/shaddow]\n#   facts:") + "deny contains \"x\" if input.files[\"/etc/shadow\"].mode == \"0600\"\n", "a.rego:9:34: check a reads input.files[\"/etc/shadow\"], and its metadata ask for no such path among files, did you mean /etc/shaddow?"},
		{"a pattern that is not asked for", strings.ReplaceAll(meta("a", "sshd"), "facts:", "globs: [/etc/*.d]\n#   facts:") + "deny contains \"x\" if count(input.globs[\"/etc/*.c\"]) == 0\n", "a.rego:9:40: check a reads input.globs[\"/etc/*.c\"], and its metadata ask for no such path among globs, did you mean /etc/*.d?"},
		{"files without metadata that ask for any", "package main\n\ndeny contains \"x\" if {\n\tsome f in input.files\n\tf.mode == \"0644\"\n}\n", "a.rego:4:12: input.files names no path; without metadata that ask for some, write it out: input.files[\"/etc/shadow\"]"},
		{"a file without metadata that is no path", "package main\n\ndeny contains \"x\" if input.files[\"etc/x\"].mode == \"0644\"\n", "a.rego:3:34: \"etc/x\" is not a path from the root of the guest"},
		{"a domain that does not exist", meta("a", "sshd") + "deny contains \"x\" if input.sshdd.version == \"1\"\n", "a.rego:8:28: no fact input.sshdd, did you mean input.sshd?"},
		{"whatever domain there is", meta("a", "sshd") + "deny contains \"x\" if {\n\tsome d\n\tinput[d].version == \"1\"\n}\n", " reads whatever domain there is; name it"},
		{"all facts, to look something up", "package a\n\ndeny contains \"x\" if object.get(input, [lower(\"SSHD\"), \"version\"], \"\")\n", "a.rego:3:33: input is read as a whole; name what is read of it"},
		{"all facts by another name", "package a\n\nimport input as doc\n\ndeny contains \"x\" if doc.sshd.version == \"1\"\n", "a.rego:3:8: input is read as a whole"},
		{"all facts in a variable", "package a\n\ndeny contains \"x\" if {\n\td := input\n\td.sshd.version == \"1\"\n}\n", "a.rego:4:7: input is read as a whole"},
		{"all facts for a function", "package a\n\nf(i) if i.sshd.version == \"1\"\n\ndeny contains \"x\" if f(input)\n", "a.rego:5:24: input is read as a whole"},
		{"a fact that does not exist, looked up", meta("a", "sshd") + "deny contains \"x\" if object.get(input, [\"sshd\", \"versio\"], \"\") == \"1\"\n", "a.rego:8:40: no fact input.sshd.versio, did you mean input.sshd.version?"},
		{"a domain that does not exist, looked up", meta("a", "sshd") + "deny contains \"x\" if object.get(input, \"sshdd\", {}).version == \"1\"\n", "a.rego:8:40: no fact input.sshdd, did you mean input.sshd?"},
		{"a domain that is not declared, looked up", meta("a", "users") + "deny contains \"x\" if object.get(input, \"sshd\", {}).version == \"1\"\n", "a.rego:1:1: check a reads input.sshd, which is not among its facts"},
		{"no rule that could fail", meta("a", "sshd") + "denied contains \"x\" if input.sshd.version == \"1\"\n", "a.rego:1:1: check a has no rule called deny, violation or warn: it could not fail"},
		{"no rule but a function", meta("a", "sshd") + "deny(x) if input.sshd.version == x\n", "a.rego:1:1: check a has no rule called deny, violation or warn: it could not fail"},
		{"no rule at all", meta("a", "sshd"), "a.rego:1:1: check a has no rule called deny, violation or warn: it could not fail"},
		{"the name of the library", "package guestctl.lib.own\n\ndeny contains \"x\"\n", "a.rego:1:1: guestctl.lib is built in; give this package another name"},
		{"a function that does not exist", "package a\n\ndeny contains \"x\" if coutn([1]) == 1\n", "a.rego:3:22: undefined function coutn, did you mean count?"},
		{"the clock", "package a\n\ndeny contains \"x\" if time.now_ns() > 1\n", "a.rego:3:22: undefined function time.now_ns: a policy has no clock; input.meta.now_day is the day of the collection, in days since 1970-01-01"},
		{"the network", "package a\n\ndeny contains \"x\" if http.send({\"method\": \"GET\", \"url\": \"http://127.0.0.1\"}).status_code == 200\n", "a.rego:3:22: undefined function http.send: a policy reads nothing but the facts"},
		{"the environment", "package a\n\ndeny contains \"x\" if opa.runtime().env.HOME\n", "undefined function opa.runtime: a policy reads nothing but the facts"},
		{"chance", "package a\n\ndeny contains \"x\" if rand.intn(\"a\", 2) == 1\n", "undefined function rand.intn: a policy reads nothing but the facts"},
		{"a file of the host", "package a\n\ndeny contains \"x\" if json.match_schema({}, {\"$ref\": \"file:///etc/passwd\"})[0]\n", "undefined function json.match_schema: a policy reads nothing but the facts"},
		{"all memory at once", "package a\n\ndeny contains \"x\" if bits.lsh(1, 100000000000) > 1\n", "undefined function bits.lsh: multiply by a power of two"},
		{"any time", "package a\n\ndeny contains \"x\" if graph.reachable_paths({}, {\"a\"}) == set()\n", "undefined function graph.reachable_paths: it may take any time"},
		{"a variable without a value", "package a\n\ndeny contains \"x\" if inptu.sshd.version == \"1\"\n", "nothing gives inptu a value, did you mean input?"},
		{"recursion", "package a\n\ndeny contains \"x\" if a\n\na if deny[\"x\"]\n", "rule data.a.deny is recursive"},
		{"two checks with one id", meta("a", "sshd") + "deny contains \"x\" if input.sshd.version == \"1\"\n", ""},
		{"a domain that is not declared", meta("a", "users") + "deny contains \"x\" if input.sshd.version == \"1\"\n", "a.rego:1:1: check a reads input.sshd, which is not among its facts"},
		{"an unknown fact among the needs", meta("a", "sshd.efective") + "deny contains \"x\" if input.sshd.version == \"1\"\n", "a.rego:1:1: no fact input.sshd.efective, did you mean input.sshd.effective?"},
		{"no path of facts", meta("a", "\"a b\"") + "deny contains \"x\" if true\n", "a.rego:1:1: facts: \"a b\" is no path of facts, such as sshd.effective.permitrootlogin"},
		{"an id that is none", strings.ReplaceAll(meta("a", "sshd"), "id: a", "id: A b") + "deny contains \"x\" if input.sshd.version == \"1\"\n", "a.rego:1:1: id \"A b\", want words in lower case with hyphens between them"},
		{"unknown metadata", strings.ReplaceAll(meta("a", "sshd"), "facts:", "fatcs:") + "deny contains \"x\" if true\n", "a.rego:1:1: unknown metadata custom.fatcs, did you mean facts?"},
		{"metadata of another type", strings.ReplaceAll(meta("a", "sshd"), "facts: [sshd]", "facts: sshd") + "deny contains \"x\" if true\n", "a.rego:1:1: metadata: "},
		{"severity", strings.ReplaceAll(meta("a", "sshd"), "facts:", "severity: severe\n#   facts:") + "deny contains \"x\" if true\n", "a.rego:1:1: severity \"severe\", want one of info, low, medium, high, critical"},
		{"level", strings.ReplaceAll(meta("a", "sshd"), "facts:", "levels: [cis-l3]\n#   facts:") + "deny contains \"x\" if true\n", "a.rego:1:1: no level cis-l3, did you mean cis-l1?"},
		{"parameter", strings.ReplaceAll(meta("a", "sshd"), "facts:", "params: {n: {type: number, default: x}}\n#   facts:") + "deny contains \"x\" if true\n", "a.rego:1:1: parameter n: the default x is no number"},
		{"content that is no expression", strings.ReplaceAll(meta("a", "sshd"), "facts:", "content: {/etc/x: [\"(\"]}\n#   facts:") + "deny contains \"x\" if true\n", "a.rego:1:1: content of /etc/x: "},
		{"a path that is not from the root", strings.ReplaceAll(meta("a", "sshd"), "facts:", "files: [etc/x]\n#   facts:") + "deny contains \"x\" if true\n", "a.rego:1:1: \"etc/x\" is not a path from the root of the guest"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{"a.rego": c.text, "site/data.json": `{"old": ["1"]}`}
			if c.want == "" {
				files["b.rego"] = strings.ReplaceAll(c.text, "package x.a", "package x.b")
				c.want = "b.rego:1:1: duplicate check a, first at a.rego:1; give one of them another id"
			}
			_, got := loaded(t, files)
			if !strings.Contains(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestNothingToRead(t *testing.T) {
	dir := write(t, map[string]string{"notes.txt": "x"})
	for path, want := range map[string]string{dir: "no Rego in this folder", dir + "/missing": "no such file or folder", dir + "/missing.tar.gz": "no such file or folder"} {
		if _, err := Load([]string{path}, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

// sshdDocument is a document in which the domain sshd is ok.
func sshdDocument(version string) *facts.Document {
	return &facts.Document{
		Schema: facts.Schema, Collectors: map[string]facts.Status{"sshd": {State: facts.OK}},
		Facts: map[string]any{"sshd": &facts.SSHD{Version: version, Effective: map[string]*facts.Value[any]{"port": {Value: "22"}}}},
	}
}

// TestOutcomes judges one document by policies of every form.
func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name, text string
		status     finding.Status
		message    string
	}{
		{"nothing found", meta("a", "sshd") + "deny contains \"x\" if input.sshd.version == \"1\"\n", finding.Pass, "T"},
		{"found", meta("a", "sshd") + "deny contains {\"msg\": \"old\", \"actual\": input.sshd.version} if input.sshd.version == \"9.2\"\n", finding.Fail, "old"},
		{"several", meta("a", "sshd") + "deny contains m if some m in [\"a\", \"b\"]\n", finding.Fail, "a; b"},
		{"very many", meta("a", "sshd") + "deny contains sprintf(\"%03d\", [m]) if some m in numbers.range(1, 100)\n", finding.Fail, "001; 002; 003; 004; 005 and 95 more"},
		{"not for this guest", meta("a", "sshd") + "applicable if input.sshd.version == \"1\"\n\nskip_reason := \"another version\"\n\ndeny contains \"x\"\n", finding.NotApplicable, "another version"},
		{"a missing path", meta("a", "sshd.effective.permitrootlogin") + "deny contains \"x\" if input.sshd.effective.permitrootlogin.value == \"yes\"\n", finding.Unknown, "the facts do not tell sshd.effective.permitrootlogin"},
		{"what the policy does not know", meta("a", "sshd") + "unknown contains \"no clue\"\n\ndeny contains \"x\"\n", finding.Unknown, "no clue"},
		{"a finding without a sentence", meta("a", "sshd") + "deny contains {\"actual\": 1}\n", finding.Unknown, "a finding of this check has no msg"},
		{"a finding that is a number", meta("a", "sshd") + "deny contains 1\n", finding.Unknown, "a finding of this check is number, want an object with msg"},
		{"deny that is no set", meta("a", "sshd") + "deny := \"x\"\n", finding.Unknown, "data.x.a.deny is string, want a set of findings"},
		{"a function that fails", meta("a", "sshd") + "deny contains \"x\" if to_number(input.sshd.version) == 1\n\ndeny contains \"y\" if to_number(\"x\") == 1\n", finding.Unknown, "to_number"},
		{"two values for one rule", meta("a", "sshd") + "v := 1 if input.sshd.version\n\nv := 2 if input.sshd.version\n\ndeny contains \"x\" if v == 1\n", finding.Unknown, "rule data.x.a.v produced conflicting values: 1 at "},
		{"evidence that is no list", meta("a", "sshd") + "deny contains {\"msg\": \"m\", \"evidence\": 1}\n", finding.Unknown, "evidence of this check is number, want a list"},
		{"conftest's deny", "package main\n\ndeny contains msg if {\n\tinput.sshd.version == \"9.2\"\n\tmsg := \"old\"\n}\n", finding.Fail, "old"},
		{"conftest's violation", "package main\n\nviolation contains {\"msg\": \"old\"} if input.sshd.version == \"9.2\"\n", finding.Fail, "old"},
		{"conftest's named rule", "package main\n\ndeny_old contains \"old\" if input.sshd.version == \"9.2\"\n", finding.Fail, "old"},
		{"deny as a flag", "package main\n\ndeny if input.sshd.version == \"9.2\"\n", finding.Fail, "the rule holds"},
		{"mode of a file", meta("a", "sshd") + "deny contains f if some f in guest.offenders([{\"path\": \"/a\", \"mode\": \"0644\", \"uid\": 0, \"gid\": 0, \"owner\": \"root\", \"group\": \"root\"}], {\"mode\": \"0600\"})\n", finding.Fail, "/a has mode 0644, want mode 0600 or stricter"},
		{"owner of a file", meta("a", "sshd") + "deny contains f if some f in guest.offenders({\"/a\": {\"exists\": true, \"mode\": \"0600\", \"uid\": 5, \"gid\": 0, \"group\": \"root\"}}, {\"owner\": [\"root\"], \"group\": [\"root\"]})\n", finding.Fail, "/a has owner 5, want owner root, group root"},
		{"another account called root", meta("a", "sshd") + "deny contains f if some f in guest.offenders([{\"path\": \"/a\", \"mode\": \"0600\", \"uid\": 5, \"gid\": 0, \"owner\": \"root\", \"group\": \"wheel\"}], {\"owner\": [\"root\"], \"group\": [\"root\"]})\n", finding.Fail, "/a has owner 5, want owner root, group root"},
		{"a file without a mode", meta("a", "sshd") + "deny contains f if some f in guest.offenders([{\"path\": \"/a\", \"exists\": true}], {\"mode\": \"0600\"})\n", finding.Unknown, "guest.offenders: the facts do not tell the mode and owner of /a"},
		{"a wish that is none", meta("a", "sshd") + "deny contains f if some f in guest.offenders([], {\"mdoe\": \"0600\"})\n", finding.Unknown, "guest.offenders: unknown wish mdoe, want mode, owner or group"},
		{"a newer version", meta("a", "sshd") + "deny contains \"old\" if guest.version_compare(\"dpkg\", \"1:9.2p1-2\", \"1:9.2p1-10\") < 0\n", finding.Fail, "old"},
		{"a manager that is none", meta("a", "sshd") + "deny contains \"old\" if guest.version_compare(\"x\", \"1\", \"2\") < 0\n", finding.Unknown, "no package manager \"x\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, wrong := loaded(t, map[string]string{"a.rego": c.text})
			if wrong != "" {
				t.Fatal(wrong)
			}
			got := j.Session(t.Context(), sshdDocument("9.2")).Eval(j.selected[0])
			if got.Status != c.status || !strings.Contains(got.Message, c.message) {
				t.Errorf("got %s %q, want %s %q", got.Status, got.Message, c.status, c.message)
			}
		})
	}
}

func TestConftestNamesAndSeverities(t *testing.T) {
	j, wrong := loaded(t, map[string]string{"a.rego": "package main\n\nwarn contains \"w\"\n\ndeny contains \"d\"\n\nviolation_x contains \"v\"\n"})
	if wrong != "" {
		t.Fatal(wrong)
	}
	var got []string
	for _, c := range j.selected {
		got = append(got, c.ID+" "+string(c.Severity))
	}
	if want := []string{"main/deny medium", "main/violation_x medium", "main/warn low"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestOneBrokenCheckHidesNoOther has checks that take too long, that take too much, and one that works.
func TestOneBrokenCheckHidesNoOther(t *testing.T) {
	j, wrong := loaded(t, map[string]string{"a.rego": `package main

deny_loop contains "x" if {
	some x in numbers.range(1, 100000)
	some y in numbers.range(1, 100000)
	x * y < 0
}

deny_heap contains "x" if count(numbers.range(1, 1000000000)) < 0

deny_growth contains "x" if {
	a := sprintf("%999999d", [1])
	b := concat("", [a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a])
	c := concat("", [b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b])
	count(c) < 0
}

deny_error contains "x" if to_number("x") == 1

deny_works contains "found" if input.sshd.version == "9.2"
`})
	if wrong != "" {
		t.Fatal(wrong)
	}
	j.limits.time, j.limits.memory = j.limits.time/10, 32<<20
	got := map[string]finding.Outcome{}
	s := j.Session(t.Context(), sshdDocument("9.2"))
	for _, c := range j.selected {
		got[c.ID] = s.Eval(c)
	}
	for id, o := range got {
		want := finding.Unknown
		if id == "main/deny_works" {
			want = finding.Fail
		}
		if o.Status != want || o.Message == "" {
			t.Errorf("%s: got %s %q, want %s", id, o.Status, o.Message, want)
		}
	}
	if m := got["main/deny_loop"].Message; !strings.Contains(m, "took ") {
		t.Errorf("deny_loop: %s", m)
	}
}

// TestACheckSeesOnlyItsFacts keeps a policy from reading what nobody looked at the status of.
func TestACheckSeesOnlyItsFacts(t *testing.T) {
	j, wrong := loaded(t, map[string]string{"a.rego": meta("a", "sshd") + "deny contains \"x\" if input.sshd.version\n"})
	if wrong != "" {
		t.Fatal(wrong)
	}
	doc := sshdDocument("9.2")
	doc.Facts["users"] = &facts.Users{}
	term, err := j.Session(t.Context(), doc).input(j.selected[0])
	if err != nil {
		t.Fatal(err)
	}
	input, err := ast.JSON(term.Value)
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(input.(map[string]any))); !slices.Equal(got, []string{"meta", "sshd"}) {
		t.Errorf("got %v", got)
	}
}

// TestNeedsByWayOfOtherPackages: a check is unknown without the facts that others read for it, whether or not they are checks too.
func TestNeedsByWayOfOtherPackages(t *testing.T) {
	old := "old if input.sshd.version == \"9.2\"\n\n"
	for _, c := range []struct {
		name, other string
		applies     []string
	}{
		{"a shared package", "package other\n\n" + old, []string{"sshd", "users"}},
		{"another check", strings.Replace(meta("b", "sshd"), "package x.b", "package other", 1) + old + "deny contains \"y\" if old\n", []string{"sshd", "users"}},
		{"a check of conftest", "package other\n\n" + old + "deny contains \"y\" if old\n", []string{"sshd", "users"}},
		{"one more package", "package other\n\nimport data.third\n\nold if third.old\n", []string{"sshd", "users"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, wrong := loaded(t, map[string]string{
				"a.rego":     meta("a", "users") + "import data.other\n\napplicable if {\n\tcount(input.users) == 0\n\tother.old\n}\n\ndeny contains \"x\" if other.old\n",
				"other.rego": c.other,
				"third.rego": "package third\n\n" + old,
			})
			if wrong != "" {
				t.Fatal(wrong)
			}
			i := slices.IndexFunc(j.selected, func(c *Check) bool { return c.ID == "a" })
			if a := j.selected[i]; !slices.Equal(a.Needs.Domains, c.applies) || !slices.Equal(a.Applies, c.applies) {
				t.Errorf("needs %v, applies by %v, want %v", a.Needs.Domains, a.Applies, c.applies)
			}
		})
	}
}

// TestFilesWithoutMetadata asks for the paths that a policy in the manner of conftest names.
func TestFilesWithoutMetadata(t *testing.T) {
	j, wrong := loaded(t, map[string]string{"a.rego": "package main\n\ndeny contains \"x\" if input.files[\"/etc/a\"].exists\n\nwarn contains \"y\" if count(input.globs[\"/etc/*.d\"]) > 0\n"})
	if wrong != "" {
		t.Fatal(wrong)
	}
	for _, c := range j.selected {
		if _, ok := c.Needs.Files["/etc/a"]; !ok || !slices.Equal(c.Needs.Globs, []string{"/etc/*.d"}) {
			t.Errorf("%s asks for %v and %v", c.ID, c.Needs.Files, c.Needs.Globs)
		}
	}
}

// TestDataAndLibrary reads data beside a policy, a package that checks share, and the built-in library.
func TestDataAndLibrary(t *testing.T) {
	j, wrong := loaded(t, map[string]string{
		"a.rego":         "package main\n\nimport data.guestctl.lib\nimport data.shared\n\ndeny contains lib.origin({\"source\": {\"path\": shared.path, \"line\": data.site.line}})\n",
		"shared.rego":    "package shared\n\npath := \"/etc/x\" if input.sshd.version\n",
		"site/data.json": `{"line": 7}`,
	})
	if wrong != "" {
		t.Fatal(wrong)
	}
	c := j.selected[0]
	if got := j.Session(t.Context(), sshdDocument("9.2")).Eval(c); got.Message != "/etc/x line 7" {
		t.Errorf("got %s %q", got.Status, got.Message)
	}
	if !slices.Contains(c.Needs.Domains, "sshd") {
		t.Errorf("a domain that a shared package reads is not among the needs: %v", c.Needs.Domains)
	}
}

// TestLongTexts: a guest can make a text as long as it likes, and a report must not grow with it.
func TestLongTexts(t *testing.T) {
	long := strings.Repeat("é", maxText)
	for name, text := range map[string]string{
		"a finding": "deny contains {\"msg\": v, \"actual\": v, \"expected\": v, \"fix\": v, \"evidence\": [v, {\"path\": v, \"text\": v, \"note\": v}]}",
		"texts":     "deny contains sprintf(\"%s%d\", [v, i]) if some i in numbers.range(1, 100)",
		"unknown":   "unknown contains {\"msg\": v, \"evidence\": [v]}\n\ndeny contains \"x\"",
		"a reason":  "applicable if v == \"\"\n\nskip_reason := v\n\ndeny contains \"x\"",
	} {
		t.Run(name, func(t *testing.T) {
			j, wrong := loaded(t, map[string]string{"a.rego": meta("a", "sshd") + "v := input.sshd.version\n\n" + text + "\n"})
			if wrong != "" {
				t.Fatal(wrong)
			}
			o := j.Session(t.Context(), sshdDocument(long)).Eval(j.selected[0])
			b, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(o.Message, "é…") || len(b) > 10*maxText {
				t.Errorf("%d bytes: %.100s", len(b), b)
			}
		})
	}
}
