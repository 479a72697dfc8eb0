package policy_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/policy"
)

// TestInputsAreTheFilesAsTheyAre has digests that sha256sum told.
func TestInputsAreTheFilesAsTheyAre(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range map[string]string{
		"base.toml":    "[packages.only]\nfile = \"allowed.txt\"\n",
		"allowed.txt":  "nginx\n",
		"waivers.toml": "[waivers]\nwarn_days = 3\n",
		"rego/x.rego":  "package main\n\nimport rego.v1\n\ndeny contains \"no\" if input.os.id == \"x\"\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := policy.Load([]string{"base.toml"}, policy.Options{Waivers: []string{"waivers.toml"}, Policies: []string{"rego"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []policy.Input{
		{"baseline", "base.toml", "aa7dced926e43cef5540c2e645aa8e57fb75e5d0c62fb75a57dea4dc0ea8ffaa"},
		{"list", "allowed.txt", "ffd491252a3fbe057f2bfe4a01ae348276dbd4b639421a1608195437f1f52225"},
		{"rego", "rego/x.rego", "340cf48863a0cfe9c276553dd5429ea70369334836b7de9456b4cf3440ad27cc"},
		{"waivers", "waivers.toml", "14bf18026d0faf324367f04d0aad611feffee59597ae8d141c9a5eca6d7ee5e3"},
	}
	if diff := cmp.Diff(p.Inputs(), want); diff != "" {
		t.Error(diff)
	}
}

func TestInputsNameTheBuiltInRulesOfABuiltInBaseline(t *testing.T) {
	p, err := policy.Load([]string{"builtin:golden-image"}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for _, in := range p.Inputs() {
		kinds[in.Kind] = in.Name
	}
	if diff := cmp.Diff(kinds, map[string]string{"baseline": "builtin:golden-image", "rules": "builtin:rules"}); diff != "" {
		t.Error(diff)
	}
}
