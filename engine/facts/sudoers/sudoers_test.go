package sudoers

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectIn(t testing.TB, files map[string]memfs.File) (*facts.Sudoers, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Sudoers](t, factstest.Guest(t, files), facts.Request{}, Collector)
}

func recorded(t testing.TB, file string) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range a.Files {
		all[f.Name] = string(f.Data)
	}
	return all
}

// TestRulesAreThoseOfSudo compares rules and options with what cvtsudoers reads.
func TestRulesAreThoseOfSudo(t *testing.T) {
	truth := recorded(t, "testdata/cvtsudoers.txtar")
	for name, files := range factstest.Trees(t, "testdata/trees.txtar") {
		if name == "syntax" {
			continue
		}
		got, status := collectIn(t, files)
		if status.State != facts.OK {
			t.Errorf("%s: %v", name, status)
		}
		if d := cmp.Diff(factstest.Cvtsudoers(t, []byte(truth[name])), factstest.PlainSudoers(got)); d != "" {
			t.Errorf("%s: cvtsudoers -, here +\n%s", name, d)
		}
	}
}

func TestSyntaxErrorIsOneForBoth(t *testing.T) {
	if !strings.Contains(recorded(t, "testdata/visudo.txtar")["syntax"], "sudoers:2:9: syntax error") {
		t.Fatal("the record is not what it was")
	}
	got, status := collectIn(t, factstest.Trees(t, "testdata/trees.txtar")["syntax"])
	if status.State != facts.Partial || status.Problems[0].Line != 2 || len(got.Rules) != 1 {
		t.Errorf("%v, %d rules", status, len(got.Rules))
	}
}

func TestIgnoredFiles(t *testing.T) {
	const rule = "eve ALL=(ALL) NOPASSWD: ALL\n"
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  string
	}{
		"a dot in the name":         {map[string]memfs.File{"/etc/sudoers.d/a.conf": {Data: rule}}, "[{/etc/sudoers.d/a.conf dot-in-name}]"},
		"a tilde at the end":        {map[string]memfs.File{"/etc/sudoers.d/a~": {Data: rule}}, "[{/etc/sudoers.d/a~ tilde}]"},
		"owned by another":          {map[string]memfs.File{"/etc/sudoers.d/a": {Data: rule, UID: 1000}}, "[{/etc/sudoers.d/a owner}]"},
		"written by all":            {map[string]memfs.File{"/etc/sudoers.d/a": {Data: rule, Mode: 0o646}}, "[{/etc/sudoers.d/a mode}]"},
		"written by another group":  {map[string]memfs.File{"/etc/sudoers.d/a": {Data: rule, Mode: 0o664, GID: 5}}, "[{/etc/sudoers.d/a mode}]"},
		"written by root's group":   {map[string]memfs.File{"/etc/sudoers.d/a": {Data: rule, Mode: 0o664}}, "[]"},
		"a FIFO":                    {map[string]memfs.File{"/etc/sudoers.d/a": {Mode: 0o010644}}, "[{/etc/sudoers.d/a type}]"},
		"a directory of another":    {map[string]memfs.File{"/etc/sudoers.d": {Mode: 0o040755, UID: 7}, "/etc/sudoers.d/a": {Data: rule}}, "[{/etc/sudoers.d owner}]"},
		"a directory all may write": {map[string]memfs.File{"/etc/sudoers.d": {Mode: 0o040757}, "/etc/sudoers.d/a": {Data: rule}}, "[{/etc/sudoers.d mode}]"},
	} {
		t.Run(name, func(t *testing.T) {
			c.files["/etc/sudoers"] = memfs.File{Data: "root ALL=(ALL) ALL\n@includedir /etc/sudoers.d\n"}
			got, status := collectIn(t, c.files)
			rules := 1
			if c.want == "[]" {
				rules = 2
			}
			if fmt.Sprint(got.Ignored) != c.want || len(got.Rules) != rules || status.State != facts.OK {
				t.Errorf("ignored %v, %d rules, %v; want %s", got.Ignored, len(got.Rules), status, c.want)
			}
		})
	}
}

func TestLastDefaultsWin(t *testing.T) {
	got, _ := collectIn(t, factstest.Trees(t, "testdata/trees.txtar")["debian"])
	v := got.Defaults["use_pty"]
	if v.Value != "false" || v.Source.Path != "/etc/sudoers.d/30-c" || v.Source.Line != 2 || v.Shadowed[0].Line != 5 {
		t.Errorf("use_pty is %+v", v)
	}
	if got.Defaults["authenticate"].Explicit {
		t.Error("authenticate was not written")
	}
	got, _ = collectIn(t, factstest.Text(map[string]string{"/etc/sudoers": "Defaults env_keep=\"A B\"\nDefaults env_keep += C, env_keep -= \"A\"\n"}))
	if v := got.Defaults["env_keep"]; v.Value != "B C" || len(v.Shadowed) != 2 {
		t.Errorf("env_keep is %+v", v)
	}
}

func TestHostileSudoers(t *testing.T) {
	bomb := "User_Alias A0 = a, b\n"
	for i := range 40 {
		bomb += fmt.Sprintf("User_Alias A%d = A%d, A%d\n", i+1, i, i)
	}
	many := map[string]memfs.File{"/etc/sudoers": {Data: "@includedir /etc/sudoers.d\n"}}
	for i := range 5000 {
		many[fmt.Sprintf("/etc/sudoers.d/%d", i)] = memfs.File{Data: "a ALL=ALL\n"}
	}
	for name, c := range map[string]struct {
		files map[string]memfs.File
		state facts.State
	}{
		"missing":                    {nil, facts.Absent},
		"a directory":                {map[string]memfs.File{"/etc/sudoers": memfs.Dir()}, facts.OK},
		"cannot be read":             {map[string]memfs.File{"/etc/sudoers": {Data: "x", Err: errors.New("bad sector")}}, facts.Error},
		"included and cannot":        {map[string]memfs.File{"/etc/sudoers": {Data: "@include x"}, "/etc/x": {Data: "x", Err: errors.New("bad sector")}}, facts.Partial},
		"included and missing":       {map[string]memfs.File{"/etc/sudoers": {Data: "@include x"}}, facts.Partial},
		"includes itself":            {map[string]memfs.File{"/etc/sudoers": {Data: "@include sudoers"}}, facts.Partial},
		"includes that double":       {map[string]memfs.File{"/etc/sudoers": {Data: "@include sudoers\n@include sudoers\n"}}, facts.Partial},
		"an alias of itself":         {factstest.Text(map[string]string{"/etc/sudoers": "User_Alias A = B, x\nUser_Alias B = A\nA ALL=ALL"}), facts.Partial},
		"aliases that double":        {factstest.Text(map[string]string{"/etc/sudoers": bomb + "A40 ALL=ALL\n"}), facts.Partial},
		"an alias that is not there": {factstest.Text(map[string]string{"/etc/sudoers": "NONE ALL=ALL"}), facts.Partial},
		"a million lines":            {factstest.Text(map[string]string{"/etc/sudoers": strings.Repeat("a ALL=ALL\n", 1<<20)}), facts.Partial},
		"a line of 1 MB":             {factstest.Text(map[string]string{"/etc/sudoers": strings.Repeat("a,", 1<<19) + "a ALL=ALL"}), facts.Partial},
		"continued for ever":         {factstest.Text(map[string]string{"/etc/sudoers": strings.Repeat("a,\\\n", 1<<18)}), facts.Partial},
		"continued into nothing":     {factstest.Text(map[string]string{"/etc/sudoers": "a ALL=\\"}), facts.Partial},
		"NUL":                        {factstest.Text(map[string]string{"/etc/sudoers": "a\x00 ALL=ALL"}), facts.Partial},
		"open quote":                 {factstest.Text(map[string]string{"/etc/sudoers": "\"a ALL=ALL\nDefaults x=\"y"}), facts.Partial},
		"too many drop-ins":          {many, facts.Partial},
		"SUSE keeps its own in /usr": {factstest.Text(map[string]string{"/usr/etc/sudoers": "root ALL=ALL"}), facts.OK},
	} {
		t.Run(name, func(t *testing.T) {
			if _, status := collectIn(t, c.files); status.State != c.state {
				t.Errorf("state %s %.300v, want %s", status.State, status.Problems, c.state)
			}
		})
	}
}

func FuzzSudoers(f *testing.F) {
	for _, files := range factstest.Trees(f, "testdata/trees.txtar") {
		f.Add(files["/etc/sudoers"].Data)
	}
	f.Add("Defaults:a,b c+=\"d\\\"\n%#1 h=(a:b) CWD=\"/\" NOPASSWD:sha256:00 /x\\,y a:z=ALL")
	f.Fuzz(func(t *testing.T, text string) {
		got, _ := collectIn(t, factstest.Text(map[string]string{"/etc/sudoers": text}))
		for _, r := range got.Rules {
			if len(r.Users) == 0 && !strings.Contains(text, "Alias") || r.Tags == nil {
				t.Errorf("rule %+v", r)
			}
		}
	})
}
