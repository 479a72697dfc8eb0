package files

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/memfs"
)

const ini = `# c
Alone = 1
[Journal]
Storage = volatile
Storage=persistent
Long = a \
  b
Empty =
[Journal.More]
Storage = none
[Login]
api_token = hunter2
`

const daemon = `{
  "live-restore": true,
  "log-opts": {"max-size": "10m",
    "n": 1.50, "none": null},
  "hosts": ["unix://", 2, {"a": 1}, []],
  "auths": {"reg.example.org": {"auth": "aHVudGVyMg=="}},
  "hosts2": [],
  "twice": 1,
  "twice": 2,
  "proxy": "http://me:hunter2@proxy/"
}
`

func parsed(t *testing.T, data string, want ...string) *facts.File {
	t.Helper()
	all, _ := collectFrom(t, map[string]memfs.File{"/x": {Data: data}}, map[string]facts.FileRequest{"/x": {Settings: want}})
	return all["/x"]
}

func TestSettingsOfINI(t *testing.T) {
	f := parsed(t, ini, "ini:Alone", "ini:Journal.Storage", "ini:Journal.Long", "ini:Journal.Empty", "ini:Journal.More.Storage", "ini:Login.api_token", "ini:journal.storage")
	at := func(line int, text string) facts.Source { return facts.Source{Path: "/x", Line: line, Text: text} }
	want := map[string]*facts.FileSetting{
		"ini:Alone": {Kind: "string", Value: "1", Source: at(2, "Alone = 1")},
		"ini:Journal.Storage": {
			Kind: "string", Value: "persistent", Source: at(5, "Journal.Storage = persistent"),
			Shadowed: []facts.Shadow[string]{{Source: at(4, "Journal.Storage = volatile"), Value: "volatile"}},
		},
		"ini:Journal.Long":         {Kind: "string", Value: "a    b", Source: at(6, "Journal.Long = a    b")},
		"ini:Journal.Empty":        {Kind: "string", Source: at(8, "Journal.Empty = ")},
		"ini:Journal.More.Storage": {Kind: "string", Value: "none", Source: at(10, "Journal.More.Storage = none")},
		"ini:Login.api_token":      {Kind: "string", Value: "***", Secret: true, Source: at(12, "")},
		"ini:journal.storage":      nil,
	}
	if diff := cmp.Diff(want, f.Settings); diff != "" || f.Unparsed != nil || f.Error != "" {
		t.Errorf("%v %s; want -, got +\n%s", f.Unparsed, f.Error, diff)
	}
}

func TestSettingsOfJSON(t *testing.T) {
	f := parsed(t, daemon, "json:live-restore", "json:log-opts.max-size", "json:log-opts.n", "json:log-opts.none", "json:log-opts", "json:hosts", "json:hosts.1",
		"json:auths.reg.example.org.auth", "json:hosts2", "json:twice", "json:proxy", "json:gone", "json:live-restore.x")
	at := func(line int, text string) facts.Source { return facts.Source{Path: "/x", Line: line, Text: text} }
	want := map[string]*facts.FileSetting{
		"json:live-restore":               {Kind: "bool", Value: "true", Source: at(2, "live-restore = true")},
		"json:log-opts.max-size":          {Kind: "string", Value: "10m", Source: at(3, "log-opts.max-size = 10m")},
		"json:log-opts.n":                 {Kind: "number", Value: "1.50", Source: at(4, "log-opts.n = 1.50")},
		"json:log-opts.none":              {Kind: "null", Value: "null", Source: at(4, "log-opts.none = null")},
		"json:log-opts":                   {Kind: "table", Source: at(3, "")},
		"json:hosts":                      {Kind: "list", List: []string{"unix://", "2", "{}", "[]"}, Source: at(5, "")},
		"json:hosts.1":                    {Kind: "number", Value: "2", Source: at(5, "hosts.1 = 2")},
		"json:auths.reg.example.org.auth": {Kind: "string", Value: "***", Secret: true, Source: at(6, "")},
		"json:hosts2":                     {Kind: "list", Source: at(7, "")},
		"json:twice": {
			Kind: "number", Value: "2", Source: at(9, "twice = 2"),
			Shadowed: []facts.Shadow[string]{{Source: at(8, "twice = 1"), Value: "1"}},
		},
		"json:proxy":          {Kind: "string", Value: "***", Secret: true, Source: at(10, "")},
		"json:gone":           nil,
		"json:live-restore.x": nil,
	}
	if diff := cmp.Diff(want, f.Settings); diff != "" || f.Unparsed != nil || f.Error != "" {
		t.Errorf("%v %s; want -, got +\n%s", f.Unparsed, f.Error, diff)
	}
}

// TestTextsOfAnotherForm: of these nobody knows what a program makes, and no setting of them is told.
func TestTextsOfAnotherForm(t *testing.T) {
	for name, c := range map[string]struct{ data, want, says string }{
		"no value":               {"{\"a\": }", "json:a", "line 1: "},
		"ends early":             {"{\"a\": 1,\n\"b\": {", "json:a", "line 2: ends before its value does"},
		"empty":                  {"", "json:a", "line 1: ends before its value does"},
		"more follows":           {"{\"a\": 1}\n{\"a\": 2}", "json:a", "line 2: something follows the value"},
		"a comment":              {"{\n// x\n\"a\": 1}", "json:a", "line 2: invalid character"},
		"lists without end":      {strings.Repeat("[", 100_000), "json:a", "line 1: more than 100 lists"},
		"tables without end":     {strings.Repeat(`{"a":`, 100_000), "json:a", "line 1: more than 100 lists"},
		"a value as long as ten": {`{"a": "` + strings.Repeat("x", 10_000) + `"}`, "json:a", "line 1: a is too long"},
		"a list as long as ten":  {`{"a": [` + strings.Repeat("1,", 10_000) + `1]}`, "json:a", "line 1: a is too long"},
		"no section, no setting": {"[a]\nb\n", "ini:a.b", "line 2: line is no section"},
		"section without its ]":  {"[a\nb=1\n", "ini:a.b", "line 1: section header has no ]"},
		"long value":             {"[a]\nb=" + strings.Repeat("x", 10_000), "ini:a.b", "line 2: a value of 10000 bytes"},
		"not UTF-8":              {"[a]\nb=\xff", "ini:a.b", "is not UTF-8"},
	} {
		f := parsed(t, c.data, c.want)
		form, _, _ := strings.Cut(c.want, ":")
		if len(f.Settings) != 0 || !strings.HasPrefix(f.Unparsed[form], c.says) || f.Error != "" {
			t.Errorf("%s: %v, %q, %q; want %q", name, f.Settings, f.Unparsed, f.Error, c.says)
		}
	}
	if f := parsed(t, "[a]\nb = 1\n", "ini:a.b", "json:a"); f.Settings["ini:a.b"] == nil || f.Unparsed["json"] == "" {
		t.Errorf("one form spoils the other: %+v", f)
	}
	if f := parsed(t, strings.Repeat("#", maxParsed+1), "ini:a"); f.Error == "" || f.Settings != nil {
		t.Errorf("a huge file: %+v", f)
	}
}

func FuzzSettings(f *testing.F) {
	f.Add([]byte(ini), "Journal.Storage")
	f.Add([]byte(daemon), "hosts")
	f.Add([]byte("{\"a\":\x00"), "a")
	f.Add([]byte("[a\\\n]\nb=\\"), "a.b")
	f.Fuzz(func(t *testing.T, content []byte, key string) {
		file := &facts.File{}
		settings(file, "/x", content, []string{facts.FormINI + key, facts.FormJSON + key})
		for name, s := range file.Settings {
			if s == nil {
				continue
			}
			if len(s.Value) > maxValue || len(s.List) > maxValues || s.Source.Line < 1 || s.Source.Line > 1+strings.Count(string(content), "\n") {
				t.Errorf("%s: %+v", name, s)
			}
		}
	})
}
