package rego

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"

	"github.com/guestctl/guestctl/rules"
)

// TestBuiltinRules runs the tests that lie beside the built-in rules, and holds the rules against the facts.
func TestBuiltinRules(t *testing.T) {
	p, err := BuiltinSource()
	if err != nil {
		t.Fatal(err)
	}
	modules := maps.Clone(p.modules)
	c, err := compile(modules, p.types, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range c.Modules {
		for _, err := range p.Judge(p.Checks, nil, nil).checkData(c, m) {
			t.Error(err)
		}
	}
	results, err := p.Test(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Message != "" {
			t.Errorf("%s:%d: %s: %s", r.Position.File, r.Position.Line, r.Name, r.Message)
		}
	}
	if len(results) == 0 {
		t.Error("no tests were run")
	}
}

// TestBuiltinRulesKeepTheConvention holds ids, packages and files together, so that each is found by the others.
func TestBuiltinRulesKeepTheConvention(t *testing.T) {
	p, err := BuiltinSource()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Checks {
		name := strings.TrimPrefix(strings.Join(c.Package, "."), "guestctl.")
		if want := strings.NewReplacer(".", "-", "_", "-").Replace(name); c.ID != want {
			t.Errorf("check %s is in package guestctl.%s, which is for %s", c.ID, name, want)
		}
		if want := "rules/rego/" + strings.ReplaceAll(name, ".", "/") + ".rego"; c.Position.File != want {
			t.Errorf("check %s is in %s, want %s", c.ID, c.Position.File, want)
		}
		if p.tests[strings.TrimSuffix(c.Position.File, ".rego")+testSuffix] == nil {
			t.Errorf("check %s has no test beside it", c.ID)
		}
		if c.Description == "" || c.Fix == "" || len(c.Controls) == 0 || !slices.Equal(c.Rules, []string{"deny"}) {
			t.Errorf("check %s lacks a description, a remediation, controls or a rule called deny", c.ID)
		}
	}
}

// TestBuiltinRulesAreFormatted holds the layout against what opa fmt writes. UPDATE=1 writes it.
func TestBuiltinRulesAreFormatted(t *testing.T) {
	err := fs.WalkDir(rules.Rego, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		have, err := rules.Rego.ReadFile(path)
		if err != nil {
			return err
		}
		want, err := format.SourceWithOpts(path, have, format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			return err
		}
		if !bytes.Equal(have, want) && os.Getenv("UPDATE") != "" {
			return os.WriteFile("../../rules/"+path, want, 0o644)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("rules/%s is not formatted: run this test with UPDATE=1", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestBuiltinChecksCanFail finds for each check a change of facts that makes it fail.
func TestBuiltinChecksCanFail(t *testing.T) {
	p, err := BuiltinSource()
	if err != nil {
		t.Fatal(err)
	}
	proofs, err := p.Prove(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, proof := range proofs {
		if proof.Wrong != "" {
			t.Errorf("%s %s", proof.Check.ID, proof.Wrong)
		}
	}
	if len(proofs) != len(p.Checks) {
		t.Errorf("%d of %d checks were tried", len(proofs), len(p.Checks))
	}
}

// TestTheIndex holds the index of the built-in checks against their metadata. UPDATE=1 writes it again.
func TestTheIndex(t *testing.T) {
	p, err := BuiltinSource()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.WriteIndex(&b); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("../../rules/index.json", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(b.Bytes(), rules.Index) {
		t.Error("rules/index.json is not what the metadata say: run this test with UPDATE=1")
	}
	indexed, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p.Checks, indexed.Checks, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("(-metadata +index)\n%s", d)
	}
}
