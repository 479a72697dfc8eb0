package scanner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/scanner"
)

// named is a fake engine with a name of its own.
type named struct {
	*fake
	name string
}

func (n named) Describe() scanner.Description { return scanner.Description{Name: n.name} }

// TestManyRecordsHideNoEngine has more records of one engine than are listed before the only one of another.
func TestManyRecordsHideNoEngine(t *testing.T) {
	const most = 100_000
	flood := &fake{scan: func(o *scanner.Object) error {
		if o.Member == "" {
			return nil
		}
		return &scanner.Skip{Reason: scanner.TooLarge}
	}}
	quiet := &fake{scan: func(o *scanner.Object) error {
		if o.Path != "/z" {
			return nil
		}
		return &scanner.Skip{Reason: scanner.TooLarge}
	}}
	files := text(map[string]string{"/a.tar": tarred(t, slices.Repeat([]in{{"m", ""}}, most/2)...), "/b.tar": "", "/z": ""})
	files["/b.tar"] = files["/a.tar"]
	r, err := scanner.Run(t.Context(), factstest.Guest(t, files), scanner.Options{
		Archives: true, Workers: 1, Engines: []scanner.Engine{named{flood, "flood"}, named{quiet, "quiet"}},
		Limits: scanner.Limits{Members: most},
	})
	if err != nil {
		t.Fatal(err)
	}
	last := r.Unscanned[len(r.Unscanned)-1]
	if len(r.Unscanned) != most+1 || last.Path != "/z" || last.Engine != "quiet" {
		t.Errorf("%d records, the last of %s for %q; want %d, the last of /z for quiet", len(r.Unscanned), last.Path, last.Engine, most+1)
	}
}

// TestLongNamesOfMembersAreCut keeps the names in an archive, which are inside of each other, from taking more memory than the archive.
func TestLongNamesOfMembersAreCut(t *testing.T) {
	long := strings.Repeat("d/", 40_000) + "evil.sh"
	inner := tarred(t, in{long, "evil"}, in{long, "evil"})
	r, _ := open(t, "a.tar", tarred(t, in{long, inner}), scanner.Options{})
	if len(r.Hits) != 4 { // the archive and what is in it
		t.Fatalf("%d hits, records %.200q", len(r.Hits), unscanned(r))
	}
	for _, h := range r.Hits[1:] {
		if n := len(h.File.Member); n > 5000 || !strings.HasPrefix(h.File.Member, "d/d/") || !strings.HasSuffix(h.File.Member, "/evil.sh") {
			t.Errorf("member of %d bytes %.20q", n, h.File.Member)
		}
	}
}

// TestMatchesInOneArchiveAreBounded has an archive in which more is found than anybody reads.
func TestMatchesInOneArchiveAreBounded(t *testing.T) {
	f := &fake{}
	f.match.Engine, f.match.Rule, f.match.Description = "fake", "evil", strings.Repeat("x", 1<<20)
	r, _ := open(t, "a.tar", tarred(t, slices.Repeat([]in{{"m", "evil"}}, 100)...), scanner.Options{Engines: []scanner.Engine{f}})
	if len(r.Hits) < 10 || len(r.Hits) > 50 || len(r.Unscanned) != 1 || r.Unscanned[0].Engine != "fake" || r.Unscanned[0].Reason != scanner.LimitReached {
		t.Errorf("%d hits, records %q", len(r.Hits), unscanned(r))
	}
}
