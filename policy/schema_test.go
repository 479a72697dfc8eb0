package policy_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/guestctl/guestctl/policy"
)

func baselineSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	b, err := policy.Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("baseline.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("baseline.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate holds the TOML text against the schema, as an editor does.
func validate(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	var values map[string]any
	if _, err := toml.Decode(text, &values); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

// TestSchemaAcceptsWhatLoads: the schema must not be stricter than Load anywhere.
func TestSchemaAcceptsWhatLoads(t *testing.T) {
	s := baselineSchema(t)
	whole, err := os.ReadFile("testdata/vocabulary.toml")
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{string(whole), specification(t)}
	for _, c := range wordCases() {
		texts = append(texts, c.text)
	}
	docs, err := os.ReadFile("../docs/baselines.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllSubmatch(docs, -1) {
		texts = append(texts, string(b[1]))
	}
	for _, text := range texts {
		if err := validate(t, s, text); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
}

// TestSchemaRefusesMistakes: a misspelt key at each level is red in an editor too.
func TestSchemaRefusesMistakes(t *testing.T) {
	s := baselineSchema(t)
	for _, text := range []string{
		"[systm]\nos = 'a'\n",
		"[system]\ntimezoen = 'UTC'\n",
		"[system]\nselinux = 'enforced'\n",
		"[system]\nos = { equal = 'a' }\n",
		"[system]\nos = { equals = 'a', severity = 'hihg' }\n",
		"[system]\nos = { equals = 'a', when = { so = ['a'] } }\n",
		"[system]\nfips = 'true'\n",
		"[config.sshd]\nPermitRotLogin = 'no'\n",
		"[config.sshd]\nMaxAuthTries = { maxx = 4 }\n",
		"[config.ssh]\nPermitRootLogin = 'no'\n",
		"[services]\nenabeld = ['a']\n",
		"[services]\nenabled = [{ nam = 'a' }]\n",
		"[users]\nuid0_only_root = 'yes'\n",
		"[users]\nallowed = [{ gid = 1 }]\n",
		"[groups.wheel]\nmember = ['a']\n",
		"[storage.encryption]\nrequire = ['/a']\n",
		"[[rule]]\nid = 'a'\n",
		"[[rule]]\nid = 'a'\ntitle = 'b'\nflie = '/a'\n",
		"[backup]\nbootable = { firmwar = 'uefi' }\n",
		"[backup]\nbootable = 'pdp11'\n",
		"[backup]\nsame_identity = false\n",
		"[backup]\nmax_file_age = 26\n",
		"[registry]\n'HKLM\\a' = { type = 'dwrod', value = 0 }\n",
		"disable = [{ id = 'a' }]\n",
	} {
		if err := validate(t, s, text); err == nil {
			t.Errorf("the schema accepts\n%s", text)
		}
		loadError(t, "b.toml", text)
	}
}

func TestSchemaIsTheSameTwice(t *testing.T) {
	a, errA := policy.Schema()
	b, errB := policy.Schema()
	if errA != nil || errB != nil || !bytes.Equal(a, b) || !strings.Contains(string(a), `"PermitRootLogin"`) {
		t.Error(errA, errB)
	}
}
