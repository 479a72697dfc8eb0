package policy_test

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/policy/rego"
)

// TestOnePolicyForManyGuests: a policy judges several documents at the same time as it judges them one after the other. Run it with
// -race: what a policy keeps from one document to the next is shared.
func TestOnePolicyForManyGuests(t *testing.T) {
	docs := mixedDocuments(t, 7)
	sequential, concurrent := make([]string, len(docs)), make([]string, len(docs))
	p := builtinPolicy(t)
	for i, doc := range docs {
		sequential[i] = judgedText(t, p, doc)
	}
	p = builtinPolicy(t)
	var wg sync.WaitGroup
	for i, doc := range docs {
		wg.Go(func() { concurrent[i] = judgedText(t, p, doc) })
	}
	wg.Wait()
	for i := range docs {
		if sequential[i] != concurrent[i] {
			t.Errorf("document %d: at the same time\n%s\none after the other\n%s", i, concurrent[i], sequential[i])
		}
		if i > 0 && sequential[i] == sequential[0] {
			t.Errorf("documents 0 and %d are judged alike, which proves nothing", i)
		}
	}
}

func builtinPolicy(t *testing.T) *policy.Policy {
	t.Helper()
	p, err := policy.Load([]string{"builtin:linux-server", "builtin:golden-image", "builtin:malware", "builtin:windows-server"}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func judgedText(t *testing.T, p *policy.Policy, doc *facts.Document) string {
	b, err := json.MarshalIndent(p.Judge(t.Context(), doc), "", " ")
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

// mixedDocuments makes n documents of what the tests of the checks call pass: each takes a domain from another check.
func mixedDocuments(t *testing.T, n int) []*facts.Document {
	t.Helper()
	program, err := rego.BuiltinSource()
	if err != nil {
		t.Fatal(err)
	}
	examples, err := program.Examples(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	docs := make([]*facts.Document, n)
	for i := range docs {
		docs[i] = &facts.Document{Schema: facts.Schema, Meta: facts.Meta{NowDay: 20_000}, Collectors: map[string]facts.Status{}, Facts: map[string]any{}}
		start := i * len(program.Checks) / n
		for _, c := range slices.Concat(program.Checks[start:], program.Checks[:start]) {
			one := document(t, c, examples[c.ID])
			for _, domain := range slices.Sorted(maps.Keys(one.Facts)) {
				if _, have := docs[i].Facts[domain]; !have {
					docs[i].Facts[domain], docs[i].Collectors[domain] = one.Facts[domain], one.Collectors[domain]
				}
			}
		}
	}
	return docs
}
