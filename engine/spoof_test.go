package engine_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
)

// TestAGuestCannotBringItsOwnFacts writes a document over the start of a raw disk, as a guest can do with its own.
func TestAGuestCannotBringItsOwnFacts(t *testing.T) {
	var b bytes.Buffer
	if err := facts.Write(&b, &facts.Document{Schema: facts.Schema, Facts: map[string]any{"hostname": &facts.Hostname{Value: "good"}}}); err != nil {
		t.Fatal(err)
	}
	document := b.Bytes()
	if doc, ok, err := engine.ReadFacts(write(t, document)); !ok || err != nil || doc == nil {
		t.Fatalf("a document is none: %v", err)
	}
	path := unpack(t, "bare-ext4.img.gz")
	disk, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(document) > 1024 {
		t.Fatalf("the document has %d bytes and would hit the superblock", len(document))
	}
	copy(disk, document)
	spoofed := write(t, disk)
	if _, ok, err := engine.ReadFacts(spoofed); ok || err != nil {
		t.Errorf("a disk that begins with a document is taken for one: %v", err)
	}
	if m := open(t, spoofed); len(m.Guests) != 1 {
		t.Errorf("%d guests, want the one on the disk", len(m.Guests))
	}
}
