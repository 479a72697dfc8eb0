package facts_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

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
	if err != nil || !facts.IsStored(want) || !facts.IsStored(b) || !reflect.DeepEqual(asJSON.Meta, d.Meta) {
		t.Errorf("JSON was not read: %v", err)
	}
}

// TestZstdKnowsTheFrames: in a file that is called .zst the magic is a frame that zstd passes over.
func TestZstdKnowsTheFrames(t *testing.T) {
	d, collectors, plain := storedMotto(t)
	var b bytes.Buffer
	if err := facts.WriteZstd(&b, d); err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	unpacked, err := io.ReadAll(z)
	if err != nil || len(unpacked) == 0 {
		t.Errorf("zstd reads %d bytes, %v", len(unpacked), err)
	}
	back, err := facts.Read(bytes.NewReader(b.Bytes()), collectors)
	if err != nil || !facts.IsStored(b.Bytes()) || facts.Aligned(int64(b.Len())) {
		t.Fatalf("not read as a document: %v", err)
	}
	var again bytes.Buffer
	if err := facts.Write(&again, back); err != nil || !bytes.Equal(again.Bytes(), plain) {
		t.Errorf("another document came back, %v", err)
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
	f.Add([]byte("\x51\x2a\x4d\x18\x11\x00\x00\x00" + string(b)))
	f.Add([]byte("guestctl-facts-1\n\x28\xb5\x2f\xfd"))
	f.Add([]byte(`{"schema": "guestctl.facts/1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := facts.Read(bytes.NewReader(b), collectors); err == nil && d.Schema != facts.Schema {
			t.Errorf("read a document with schema %q", d.Schema)
		}
	})
}

// TestNoDocumentHasTheSizeOfADisk grows a document byte by byte past several sectors; each must read back.
func TestNoDocumentHasTheSizeOfADisk(t *testing.T) {
	collectors := []facts.Collector{facts.New("motto", "A motto", collectMotto)}
	random := rand.New(rand.NewPCG(1, 2))
	padded := 0
	for n := range 1500 {
		words := make([]byte, n)
		for i := range words {
			words[i] = byte(random.Uint32())
		}
		d := &facts.Document{Schema: facts.Schema, Facts: map[string]any{"motto": &motto{string(words)}}}
		var b bytes.Buffer
		if err := facts.Write(&b, d); err != nil {
			t.Fatal(err)
		}
		if facts.Aligned(int64(b.Len())) {
			t.Errorf("%d bytes are stored in %d", n, b.Len())
		}
		if bytes.HasSuffix(b.Bytes(), []byte("\x50\x2a\x4d\x18\x00\x00\x00\x00")) {
			padded++
		}
		back, err := facts.Read(&b, collectors)
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if m, ok := facts.Get[motto](back, "motto"); !ok || m.Words != string(words) {
			t.Fatalf("%d bytes read back differently", n)
		}
	}
	if padded == 0 {
		t.Error("no document needed padding: the test shows nothing")
	}
	if got := facts.Unaligned(make([]byte, 1024)); len(got) != 1025 {
		t.Errorf("text of 1024 bytes became %d", len(got))
	}
}
