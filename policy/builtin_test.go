package policy_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/policy/rego"
)

// TestBuiltinChecksAreGated begins with a document on which a check passes, made of what its test calls pass. Every domain that is taken
// away, was not read, or not whole makes the check unknown, and one that the guest does not have makes it not applicable, unless the
// check says that it may be absent.
func TestBuiltinChecksAreGated(t *testing.T) {
	program, err := rego.BuiltinSource()
	if err != nil {
		t.Fatal(err)
	}
	examples, err := program.Examples(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load([]string{"builtin:linux-server", "builtin:golden-image", "builtin:malware", "builtin:windows-server"}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Checks) != len(program.Checks) {
		t.Errorf("the baselines have %d checks of %d", len(p.Checks), len(program.Checks))
	}
	for _, c := range program.Checks {
		t.Run(c.ID, func(t *testing.T) {
			one, err := p.Only(c.ID)
			if err != nil {
				t.Fatal(err)
			}
			judge := func(doc *facts.Document) finding.Finding { return one.Judge(t.Context(), doc)[0] }
			if f := judge(document(t, c, examples[c.ID])); f.Status != pass {
				t.Fatalf("%s (%s) on the facts that pass its test", f.Status, f.Message)
			}
			for _, domain := range slices.Concat(c.Needs.Domains, slices.Sorted(maps.Keys(files(c)))) {
				for _, state := range []facts.State{"", facts.Error, facts.Unsupported, facts.Partial} {
					if state == facts.Partial && files(c)[domain] {
						continue // each entry says for itself
					}
					doc := document(t, c, examples[c.ID])
					doc.Collectors[domain] = facts.Status{State: state}
					if state == "" {
						delete(doc.Collectors, domain)
					}
					if f := judge(doc); f.Status != unknown && (f.Status != notApp || len(c.Applies) == 0) {
						t.Errorf("%s with %s %q, want unknown: %s", f.Status, domain, state, f.Message)
					}
				}
				if files(c)[domain] || slices.Contains(c.Absent, domain) {
					continue
				}
				doc := document(t, c, examples[c.ID])
				doc.Collectors[domain] = facts.Status{State: facts.Absent}
				delete(doc.Facts, domain)
				if f := judge(doc); f.Status != notApp {
					t.Errorf("%s without %s, want notapplicable: %s", f.Status, domain, f.Message)
				}
			}
		})
	}
}

// files are the domains of the paths and patterns that a check names.
func files(c *rego.Check) map[string]bool {
	domains := map[string]bool{}
	if len(c.Needs.Files) > 0 {
		domains["files"] = true
	}
	if len(c.Needs.Globs) > 0 {
		domains["globs"] = true
	}
	return domains
}

// whole adds what there is nothing at, which the facts of a test leave out.
func whole(have any, keys []string, nothing any) map[string]any {
	all := map[string]any{}
	for _, key := range keys {
		all[key] = nothing
	}
	m, _ := have.(map[string]any)
	maps.Copy(all, m)
	return all
}

// document is the document of a guest with some facts, all of which were read. The facts of a test have what its check reads and no
// more, which facts.Decode does not take for a document.
func document(t *testing.T, c *rego.Check, input map[string]any) *facts.Document {
	t.Helper()
	doc := &facts.Document{Schema: facts.Schema, Collectors: map[string]facts.Status{}, Facts: map[string]any{}}
	into := func(v, from any) {
		b, err := json.Marshal(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, v); err != nil {
			t.Fatal(err)
		}
	}
	into(&doc.Meta, input["meta"])
	given := maps.Clone(input)
	if given == nil {
		given = map[string]any{}
	}
	given["files"] = whole(input["files"], slices.Collect(maps.Keys(c.Needs.Files)), facts.File{})
	given["globs"] = whole(input["globs"], c.Needs.Globs, facts.Glob{Paths: []string{}})
	for _, collector := range engine.Collectors() {
		name := collector.Name
		switch {
		case !slices.Contains(c.Needs.Domains, name) && !files(c)[name]:
		case given[name] == nil && slices.Contains(c.Absent, name):
			doc.Collectors[name] = facts.Status{State: facts.Absent}
		default:
			doc.Collectors[name] = facts.Status{State: facts.OK}
			doc.Facts[name] = collector.New()
			into(doc.Facts[name], given[name])
		}
	}
	return doc
}
