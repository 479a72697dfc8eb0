package rpmdb

import (
	"slices"
	"strings"
	"testing"
)

// TestHeadersAreAsTheyWereInstalled has headers that rpm wrote on three distributions, with the digests that it noted.
func TestHeadersAreAsTheyWereInstalled(t *testing.T) {
	seen := 0
	for _, name := range []string{"files", "sqlite", "ndb", "bdb"} {
		all, _, err := read(t, guestWith(t, testdata(t, name+".db.zst"), ""))
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range all {
			seen++
			if sealed, err := h.CheckSeal(); !sealed || err != nil {
				t.Errorf("%s: %v, %v", h.Name, sealed, err)
			}
			h.tags = slices.DeleteFunc(h.tags, func(t tag) bool { return t.id == tagSHA256Header })
			if sealed, err := h.CheckSeal(); !sealed || err != nil {
				t.Errorf("%s by SHA-1: %v, %v", h.Name, sealed, err)
			}
		}
	}
	if seen < 20 {
		t.Errorf("%d headers", seen)
	}
}

func TestChangedHeadersAreTold(t *testing.T) {
	at := func(h *Header, id uint32) *tag {
		i := slices.IndexFunc(h.tags, func(t tag) bool { return t.id == id })
		return &h.tags[i]
	}
	for name, c := range map[string]struct {
		change func(h *Header)
		says   string // "" for a header without a digest
	}{
		"digest of a file":            {func(h *Header) { h.data[at(h, tagFileDigests).offset] ^= 1 }, "has the SHA-256"},
		"mode of a file":              {func(h *Header) { h.data[at(h, tagFileModes).offset+1] ^= 2 }, "has the SHA-256"},
		"where digests lie":           {func(h *Header) { at(h, tagFileDigests).offset++ }, "has the SHA-256"},
		"number of a tag":             {func(h *Header) { at(h, tagFileCaps).id = 9999 }, "has the SHA-256"},
		"digests that are added":      {func(h *Header) { h.tags = append(h.tags, *at(h, tagFileDigests)) }, "tag 1035 of its files outside"},
		"capabilities that are added": {func(h *Header) { h.tags = append(h.tags, *at(h, tagFileCaps)) }, "tag 5010 of its files outside"},
		"nothing that came with it":   {func(h *Header) { h.tags = h.tags[1:] }, "begins with tag 100"},
		"end outside of the data":     {func(h *Header) { h.tags[0].offset = uint32(len(h.data)) - 15 }, "begins with tag 63"},
		"end without its tag":         {func(h *Header) { h.data[h.tags[0].offset+3] = 62 }, "bytes of tags"},
		"more tags than there are":    {func(h *Header) { h.data[h.tags[0].offset+9] = 0 }, "bytes of tags"},
		"no digest of it": {func(h *Header) {
			h.tags = slices.DeleteFunc(h.tags, func(t tag) bool { return t.id == tagSHA256Header || t.id == tagSHA1Header })
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			all, _, err := read(t, guestWith(t, testdata(t, "files.db.zst"), ""))
			if err != nil {
				t.Fatal(err)
			}
			h := all[0]
			c.change(h)
			sealed, err := h.CheckSeal()
			if sealed != (c.says != "") || sealed && (err == nil || !strings.Contains(err.Error(), c.says)) || !sealed && err != nil {
				t.Errorf("got %v, %v, want an error that says %q", sealed, err, c.says)
			}
		})
	}
}
