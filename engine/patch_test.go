package engine_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
)

// TestEveryDomainCanBeAssumed assumes what was collected anyway, with every field that a domain has.
func TestEveryDomainCanBeAssumed(t *testing.T) {
	m, err := engine.Open(t.Context(), []string{"../testdata/images/debian12-small.qcow2"}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	req := facts.Request{Globs: []string{"/etc/*"}}
	req.AddFile("/etc/passwd", facts.FileRequest{Digests: []string{"sha256"}, Content: []string{"root"}, Package: true})
	for _, c := range engine.Collectors() {
		req.Domains = append(req.Domains, c.Name)
	}
	doc, err := m.Facts(t.Context(), m.Guests[0], req, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	domains := map[string]any{}
	for name, v := range doc.Facts {
		if v != nil {
			domains[name] = v
		}
	}
	text, err := json.Marshal(domains)
	if err != nil {
		t.Fatal(err)
	}
	p, err := facts.ReadPatch("p.json", text, engine.Collectors())
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Apply(&facts.Document{Collectors: doc.Collectors})
	if err != nil {
		t.Fatal(err)
	}
	after, err := json.Marshal(got.Facts)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), string(after)); diff != "" || len(domains) < 20 {
		t.Errorf("%d domains: %s", len(domains), diff)
	}
}
