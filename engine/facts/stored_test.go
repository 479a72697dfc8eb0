package facts_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

func storedMotto(t testing.TB) (*facts.Document, []facts.Collector, []byte) {
	t.Helper()
	collectors := []facts.Collector{facts.New("motto", "A motto", collectMotto)}
	g := factstest.Guest(t, factstest.Text(map[string]string{"/motto": strings.Repeat("words \xff", 50)}))
	d, err := facts.Collect(t.Context(), g, facts.Request{Domains: []string{"motto"}}, collectors, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := facts.Write(&b, d); err != nil {
		t.Fatal(err)
	}
	return d, collectors, b.Bytes()
}

func TestStoredRoundTrip(t *testing.T) {
	d, collectors, b := storedMotto(t)
	var again bytes.Buffer
	if err := facts.Write(&again, d); err != nil || !bytes.Equal(b, again.Bytes()) {
		t.Errorf("two writes differ, %v", err)
	}
	back, err := facts.Read(bytes.NewReader(b), collectors)
	if err != nil {
		t.Fatal(err)
	}
	want, wantErr := json.Marshal(d)
	got, gotErr := json.Marshal(back)
	if wantErr != nil || gotErr != nil || !bytes.Equal(want, got) {
		t.Errorf("wrote %s\nread %s", want, got)
	}
	asJSON, err := facts.Read(bytes.NewReader(want), collectors)
	if err != nil || !facts.IsStored(want) || !facts.IsStored(b) || asJSON.Meta != d.Meta {
		t.Errorf("JSON was not read: %v", err)
	}
}

func TestReadRefuses(t *testing.T) {
	_, collectors, b := storedMotto(t)
	cut, flipped := b[:len(b)-5], bytes.Clone(b)
	flipped[len(flipped)/2] ^= 0xff
	for name, c := range map[string]struct {
		b          []byte
		collectors []facts.Collector
	}{
		"cut off":            {cut, collectors},
		"a flipped byte":     {flipped, collectors},
		"a domain not known": {b, nil},
		"another form":       {[]byte("guestctl-facts-9\n"), collectors},
		"nothing":            {nil, collectors},
	} {
		if _, err := facts.Read(bytes.NewReader(c.b), c.collectors); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	_, collectors, b := storedMotto(f)
	f.Add(b)
	f.Add([]byte("guestctl-facts-1\n\x28\xb5\x2f\xfd"))
	f.Add([]byte(`{"schema": "guestctl.facts/1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := facts.Read(bytes.NewReader(b), collectors); err == nil && d.Schema != facts.Schema {
			t.Errorf("read a document with schema %q", d.Schema)
		}
	})
}
