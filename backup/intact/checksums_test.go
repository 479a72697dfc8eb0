package intact_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"testing"

	"github.com/guestctl/guestctl/backup/intact"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestJournalsAreVerified(t *testing.T) {
	f, err := os.Open("../checksums/testdata/keyed.journal.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(at int) string {
		b := bytes.Clone(whole)
		b[bytes.Index(b, []byte("MESSAGE=message number 13"))+10] ^= 1
		if at > 0 {
			b[at] = 1
		}
		return string(b)
	}
	const journal = "/var/log/journal/1c0ffee0000040008000000000000012/system.journal"
	for _, c := range []struct {
		name, path, content string
		status              finding.Status
	}{
		{"whole", journal, string(whole), finding.Pass},
		{"a letter", journal, changed(0), finding.Fail},
		{"a letter in one that was open", journal, changed(16), finding.Unknown},
		{"flags of the future", journal, changed(13), finding.Unknown},
		{"no journal", journal + ".txt", changed(0), finding.NotApplicable},
		{"elsewhere", "/srv/system.journal", changed(0), finding.NotApplicable},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := memfs.New(map[string]memfs.File{c.path: {Mode: filesys.ModeRegular | 0o644, Data: c.content}})
			r := &intact.Verification{}
			if err := r.Unpack(t.Context(), guest.Bare(guest.Volume{Device: "p1", FS: fs}), intact.Options{}); err != nil {
				t.Fatal(err)
			}
			for _, f := range r.Findings() {
				if f.ID != intact.ChecksumLayer {
					continue
				}
				if f.Status != c.status {
					t.Errorf("%s: %s, want %s", f.Status, f.Message, c.status)
				}
				if c.status == finding.Fail && (f.Where[0].Path != "p1: "+journal || r.Damage[0].Files[0].Path != journal) {
					t.Errorf("%+v", r.Damage[0])
				}
				return
			}
			t.Error("no finding")
		})
	}
}
