package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestDocumentsFitTheirSchemas validates what the commands print about a real image.
func TestDocumentsFitTheirSchemas(t *testing.T) {
	const image = smallImage
	feed := filepath.Join(t.TempDir(), "feed.txt") // the settings of sshd in the image
	if err := os.WriteFile(feed, []byte("e640d15153f2f7ca047cd444aa7ea144\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	signed := filepath.Join(t.TempDir(), "evidence.jsonl")
	printed(t, "check-compliance", "--baseline", "../../testdata/baseline.toml", "--evidence", signed, "--sign-key", "../../evidence/testdata/ssh.key", image)
	for name, args := range map[string][]string{
		"result scan": {"scan", "--no-yara", "--intel", feed, "--format", "json", image},
		"result":      {"check-compliance", "--baseline", "../../testdata/baseline.toml", "--format", "json", image},
		"inspection":  {"inspect", "--format", "json", image},
		"facts":       {"facts", image},
		"timeline":    {"timeline", "--baseline", "../../testdata/baseline.toml", "--by", "name", "--format", "json", image, "../../testdata/images/rocky9-small.qcow2", "../../testdata/images/two-os.qcow2"},
		"bisection":   {"bisect", "--check", "system.timezone", "--baseline", "../../testdata/baseline.toml", "--by", "name", "--format", "json", image, "../../testdata/images/rocky9-small.qcow2"},
		"policydiff":  {"policy", "diff", "--format", "json", "../../testdata/baseline.toml", "../../testdata/two-checks.toml", image},
		"evidence":    {"evidence", "show", "--format", "json", signed},
	} {
		t.Run(name, func(t *testing.T) {
			c := jsonschema.NewCompiler()
			if err := c.AddResource("schema.json", parse(t, printed(t, "schema", strings.Fields(name)[0]))); err != nil {
				t.Fatal(err)
			}
			schema, err := c.Compile("schema.json")
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(parse(t, printed(t, args...))); err != nil {
				t.Error(err)
			}
			if err := schema.Validate(parse(t, []byte(`{"schema": "other"}`))); err == nil {
				t.Error("an empty document passes the schema")
			}
		})
	}
}

// printed runs the command line and returns what it printed; a verdict is no error.
func printed(t *testing.T, args ...string) []byte {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var out bytes.Buffer
	root := newRootCommand()
	root.SetOut(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	if coded := (*codeError)(nil); err != nil && (!errors.As(err, &coded) || coded.err != nil) {
		t.Fatal(err)
	}
	return out.Bytes()
}

func parse(t *testing.T, b []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
