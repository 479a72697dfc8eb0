package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/backup/seal"
	"github.com/guestctl/guestctl/drift"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/rules/frameworks"
)

// TestGolden holds every format against what it wrote when somebody last read it. UPDATE=1 writes it again.
func TestGolden(t *testing.T) {
	for name, sample := range samples() {
		for _, f := range Formats() {
			t.Run(name+"."+f.Name, func(t *testing.T) {
				got := written(t, f, sample(hostile))
				path := filepath.Join("testdata", name+"."+f.Name)
				if os.Getenv("UPDATE") != "" {
					if err := os.WriteFile(path, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(string(want), string(got)); d != "" {
					t.Errorf("(-want +got)\n%s", d)
				}
			})
		}
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"plain /etc/passwd": "plain /etc/passwd",
		"caf\u00e9":         "caf\u00e9",
		"caf\xe9":           `caf\xe9`,
		"a\\xe9":            `a\\xe9`,
		"a\nb\tc\rd":        `a\nb\tc\rd`,
		"\x1b[0m\x7f":       `\x1b[0m\x7f`,
		"\u202eabc\u200b":   `\u202eabc\u200b`,
	} {
		if got := Escape(in); got != want {
			t.Errorf("Escape(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	f.Add(hostile)
	f.Fuzz(func(t *testing.T, s string) {
		got := Escape(s)
		for _, r := range got {
			if r < 0x20 || r == 0x7f || r == 0xfffd && !strings.ContainsRune(s, 0xfffd) {
				t.Errorf("Escape(%q) = %q has %q", s, got, r)
			}
		}
	})
}

// compiledSchema is the schema of a document.
func compiledSchema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	b, err := Schema(name)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name+".json", unmarshal(t, b)); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestResultFitsItsSchema validates what JSON writes, and that the schema can say no.
func TestResultFitsItsSchema(t *testing.T) {
	schema := compiledSchema(t, "result")
	for name, sample := range samples() {
		var out bytes.Buffer
		if err := JSON(&out, sample(hostile)); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(unmarshal(t, out.Bytes())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, wrong := range [][2]string{{`"coverage": 100`, `"coverage": "all"`}, {`"coverage": 83.3`, `"coverage": "all"`}} {
			if broken := bytes.Replace(out.Bytes(), []byte(wrong[0]), []byte(wrong[1]), 1); !bytes.Equal(broken, out.Bytes()) {
				if schema.Validate(unmarshal(t, broken)) == nil {
					t.Errorf("%s: a coverage that is a word passes the schema", name)
				}
			}
		}
	}
}

// TestDocumentsFitTheirSchemas validates the other documents, and that each schema can say no.
func TestDocumentsFitTheirSchemas(t *testing.T) {
	change := drift.Change{
		Domain: "users", Key: hostile, Kind: drift.Changed, Old: "a", New: "b", OldSource: &facts.Source{Path: "/etc/passwd", Line: 1},
		NewSource: &facts.Source{Path: "/etc/passwd", Line: 2}, Severity: finding.High,
	}
	unread := []drift.Unread{{Domain: "packages", Cause: hostile}}
	for name, c := range map[string]struct {
		document any
		without  string // a line that the schema asks for
	}{
		"factsdiff": {FactsDiff{FactsDiffSchema, "a", "b", &drift.Comparison{Changes: []drift.Change{change}, Unread: unread, Same: 3}}, "changes"},
		"outliers":  {Outliers{OutliersSchema, []Outlier{{"a.qcow2", []drift.Change{change}, unread}, {"b.qcow2", []drift.Change{}, []drift.Unread{}}}}, "guests"},
		"policydiff": {&audit.Diff{Schema: audit.DiffSchema, Old: []string{"a"}, New: []string{"b"}, Targets: []audit.DiffTarget{{
			Image: "a", Changes: []audit.Change{{ID: "x", Kind: audit.Added, New: &audit.Judgement{Status: finding.Pass}}},
		}}}, "targets"},
		"seal": {seal.Header{Size: 1 << 20, ChunkSize: 64 << 10, Root: "aa", Format: "raw", MachineIDs: []string{"x"}, FileSystems: map[string]string{"p1": "u"}}, "chunk_size"},
	} {
		schema := compiledSchema(t, name)
		var out bytes.Buffer
		if err := WriteJSON(&out, c.document); err != nil {
			t.Fatal(err)
		}
		doc, ok := unmarshal(t, out.Bytes()).(map[string]any)
		if err := schema.Validate(any(doc)); err != nil || !ok {
			t.Errorf("%s: %v", name, err)
		}
		if delete(doc, c.without); schema.Validate(any(doc)) == nil {
			t.Errorf("%s: a document without %s passes the schema", name, c.without)
		}
	}
}

func unmarshal(t *testing.T, b []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestYAMLIsTheSameDocument(t *testing.T) {
	var j, y bytes.Buffer
	if err := JSON(&j, sample()); err != nil {
		t.Fatal(err)
	}
	if err := YAML(&y, sample()); err != nil {
		t.Fatal(err)
	}
	var doc, want, got any
	if err := yaml.Unmarshal(y.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	back, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(j.Bytes(), &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(back, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-json +yaml)\n%s", d)
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 20 << 30: "20 GiB", 1<<63 - 1: "8 EiB"} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}

// TestDocumentation names every format and framework as they are.
func TestDocumentation(t *testing.T) {
	b, err := os.ReadFile("../docs/reports.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Names() {
		if !bytes.Contains(b, []byte("`"+name+"`")) {
			t.Errorf("format %s is missing", name)
		}
	}
	for _, key := range frameworks.Keys() {
		f, err := frameworks.Load(key)
		if err != nil {
			t.Fatal(err)
		}
		complete := map[bool]string{true: "complete", false: "not complete"}[f.Complete]
		name, _, _ := strings.Cut(f.Name, ",")
		if row := "| `" + key + "` | " + name + " " + f.Version + " | " + complete + " |"; !bytes.Contains(b, []byte(row)) {
			t.Errorf("%s: no row %s", key, row)
		}
	}
}
