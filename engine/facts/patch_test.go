package facts

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/internal/fault"
)

// TestMergePatch has the examples of RFC 7396, appendix A.
func TestMergePatch(t *testing.T) {
	for _, c := range []struct{ target, patch, want string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`["a","b"]`, `["c","d"]`, `["c","d"]`},
		{`{"a":"b"}`, `["c"]`, `["c"]`},
		{`{"a":"foo"}`, `null`, `null`},
		{`{"a":"foo"}`, `"bar"`, `"bar"`},
		{`{"e":null}`, `{"a":1}`, `{"a":1,"e":null}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
	} {
		var target, patch any
		if err := errors.Join(json.Unmarshal([]byte(c.target), &target), json.Unmarshal([]byte(c.patch), &patch)); err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(mergePatch(target, patch))
		if err != nil || string(got) != c.want {
			t.Errorf("%s with %s: %s, %v, want %s", c.target, c.patch, got, err, c.want)
		}
	}
}

func patchCollectors() []Collector {
	return []Collector{
		New[OS]("os", "", nil), New[MachineID]("machine_id", "", nil), New[Files]("files", "", nil), New[Value[string]]("hostname", "", nil),
	}
}

func patchedDocument() *Document {
	return &Document{
		Schema: Schema,
		Collectors: map[string]Status{
			"os": {State: OK, Files: []string{"/etc/os-release"}}, "machine_id": {State: Absent},
			"hostname": {State: Partial, Problems: []Problem{{Message: "unread"}}},
		},
		Facts: map[string]any{
			"os":       &OS{ID: "debian", VersionID: "12", PrettyName: "Debian \xff"},
			"hostname": &Value[string]{Value: "a"},
		},
	}
}

func TestApplyAPatch(t *testing.T) {
	for name, text := range map[string]string{
		"p.json": `{"os": {"version_id": "13"}, "machine_id": {"state": "set"}, "hostname": {"value": "b"}, "files": {"/etc/a~b": {"exists": true, "size": 9007199254740993}}}`,
		"p.toml": "os.version_id = '13'\nmachine_id.state = 'set'\n[hostname]\nvalue = 'b'\n[files.'/etc/a~b']\nexists = true\nsize = 9007199254740993\n",
	} {
		p, err := ReadPatch(name, []byte(text), patchCollectors())
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"/files/~1etc~1a~0b/exists", "/files/~1etc~1a~0b/size", "/hostname/value", "/machine_id/state", "/os/version_id"}
		if diff := cmp.Diff(want, p.Paths); diff != "" {
			t.Error(diff)
		}
		d := patchedDocument()
		got, err := p.Apply(d)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(patchedDocument(), d); diff != "" {
			t.Errorf("the document itself changed: %s", diff)
		}
		os, _ := Get[OS](got, "os")
		id, _ := Get[MachineID](got, "machine_id")
		files, _ := Get[Files](got, "files")
		host, _ := Get[Value[string]](got, "hostname")
		if os.ID != "debian" || os.VersionID != "13" || id.State != "set" || host.Value != "b" || (*files)["/etc/a~b"].Size != 9007199254740993 {
			t.Errorf("%+v %+v %+v %+v", os, id, files, host)
		}
		states := map[string]State{"os": OK, "machine_id": OK, "files": OK, "hostname": Partial}
		for name, want := range states {
			if got.Collectors[name].State != want {
				t.Errorf("%s is %s, want %s", name, got.Collectors[name].State, want)
			}
		}
	}
	p, err := ReadPatch("p.json", []byte(`{"os": null}`), patchCollectors())
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Apply(patchedDocument())
	if _, ok := Get[OS](got, "os"); err != nil || ok || got.Collectors["os"].State != Absent {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := p.Apply(&Document{}); err != nil {
		t.Error(err)
	}
}

func TestPatchesThatAreRefused(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"domain", "p.json", `{"oss": {}}`, `p.json: "oss" is no domain of facts, did you mean os?`},
		{"meta", "p.json", `{"meta": {"now_day": 1}}`, `p.json: "meta" is no domain of facts`},
		{"collectors", "p.json", `{"collectors": {"os": {"status": "ok"}}}`, `p.json: "collectors" is no domain of facts`},
		{"field", "p.json", `{"os": {"versionid": "1"}}`, `p.json: os has no "versionid", did you mean version_id?`},
		{"other letters", "p.json", `{"os": {"ID": "a"}}`, `p.json: os has no "ID", did you mean id?`},
		{"deep", "p.json", `{"files": {"/a": {"mod": "0640"}}}`, `p.json: files./a has no "mod", did you mean mode?`},
		{"in a list", "p.json", `{"os": {"id_like": [{"a": 1}]}}`, `p.json: os.id_like is a JSON object, want string`},
		{"kind", "p.json", `{"os": {"version_id": 12}}`, `p.json: os.version_id is a JSON number, want string`},
		{"not an object", "p.json", `[1]`, `p.json:1:1: array, want an object with domains of facts`},
		{"null", "p.json", `null`, `p.json: null, want an object with domains of facts`},
		{"nothing", "p.json", `{}`, `p.json: assumes nothing`},
		{"syntax", "p.json", "{\n  \"os\": {,}\n}", `p.json:2:10: invalid character ',' looking for beginning of object key string`},
		{"half", "p.json", "{\n\"os\":", `p.json:2:6: the text ends too early`},
		{"two", "p.json", "{\"os\": {\"id\": \"a\"}} {}", `p.json:1:22: something follows the object`},
		{"TOML", "p.toml", "os = \n", `p.toml:1:6: expected value but found '\n' instead`},
	} {
		_, err := ReadPatch(c.file, []byte(c.text), patchCollectors())
		var f *fault.Error
		if err == nil || err.Error() != c.want || !errors.As(err, &f) {
			t.Errorf("%s: got  %v\nwant %s", c.name, err, c.want)
		}
	}
}

func FuzzReadPatch(f *testing.F) {
	f.Add(`{"os": {"version_id": "13", "source": null}, "machine_id": null}`, false)
	f.Add("os.id = 'a'\n[files.'/a']\nexists = true", true)
	f.Fuzz(func(t *testing.T, text string, isTOML bool) {
		name := "p.json"
		if isTOML {
			name = "p.toml"
		}
		p, err := ReadPatch(name, []byte(text), patchCollectors())
		if err != nil {
			if !strings.HasPrefix(err.Error(), name+":") {
				t.Errorf("no file: %v", err)
			}
			return
		}
		once, err := p.Apply(patchedDocument())
		if err != nil {
			t.Fatalf("read and not applied: %v", err)
		}
		twice, err := p.Apply(once)
		if err != nil {
			t.Fatal(err)
		}
		a, err1 := json.Marshal(once)
		b, err2 := json.Marshal(twice)
		if err1 != nil || err2 != nil || !bytes.Equal(a, b) {
			t.Errorf("not the same twice: %v %v\n%s\n%s", err1, err2, a, b)
		}
	})
}
