package windowsauditpolicy

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

// value has the counts of a version of Windows, and every subcategory set to the number of its category.
func value(counts ...int) []byte {
	le := binary.LittleEndian
	b := make([]byte, headerSize)
	le.PutUint16(b[4:], uint16(len(counts)))
	for i, n := range counts {
		for range n {
			b = le.AppendUint16(b, uint16(i%4))
		}
	}
	le.PutUint16(b[8:], uint16(len(b)))
	for _, n := range counts {
		b = le.AppendUint16(b, uint16(n))
	}
	return b
}

func TestVersions(t *testing.T) {
	for name, c := range map[string]struct {
		raw  []byte
		want int
		err  error
	}{
		"Windows 7":                  {value(5, 9, 12, 3, 4, 6, 6, 4, 4), 53, nil},
		"Windows 10":                 {value(5, 11, 14, 3, 6, 6, 6, 4, 4), 59, nil},
		"a later one":                {value(5, 12, 14, 3, 6, 6, 6, 4, 4), 60, nil},
		"other categories":           {value(5, 11), 0, binread.ErrUnsupported},
		"counts that reach too far":  {value(5, 11, 14, 3, 6, 6, 6, 4, 4)[:100], 0, binread.ErrCorrupt},
		"settings behind the counts": {append(value(0, 0, 0, 0, 0, 0, 0, 0, 0)[:headerSize], 9, 0, 9, 0, 9, 0, 9, 0, 9, 0, 9, 0, 9, 0, 9, 0, 9, 0), 0, binread.ErrCorrupt},
		"nothing":                    {nil, 0, binread.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse(c.raw)
			if len(got) != c.want || (err != nil) != (c.err != nil) || c.err != nil && !errors.Is(err, c.err) {
				t.Fatalf("got %d, %v, want %d, %v", len(got), err, c.want, c.err)
			}
			if err != nil {
				return
			}
			// by value: categories 1 and 5 have success, 2 and 6 failure, 3 and 7 both
			for sub, want := range map[string]facts.WindowsAudit{
				"Security State Change": {Category: "System"}, "Logon": {Category: "Logon/Logoff", Success: true},
				"SAM": {Category: "Object Access", Failure: true}, "Sensitive Privilege Use": {Category: "Privilege Use", Success: true, Failure: true},
			} {
				if got[sub] != want {
					t.Errorf("%s: got %+v, want %+v", sub, got[sub], want)
				}
			}
		})
	}
	if later, err := parse(value(5, 12, 14, 3, 6, 6, 6, 4, 4)); err != nil || !later["Logon/Logoff 11"].Success {
		t.Errorf("a subcategory without a name is %v, %v", later["Logon/Logoff 11"], err)
	}
}

func TestNoPolicyIsNotAnEmptyOne(t *testing.T) {
	if got, status := factstest.Collect[facts.WindowsAuditPolicy](t, factstest.Windows(t, nil, nil), facts.Request{}, Collector); got != nil || status.State != facts.Error {
		t.Errorf("got %v, %s, want an error", got, status.State)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(value(5, 11, 14, 3, 6, 6, 6, 4, 4))
	f.Add(value())
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := parse(b); err == nil && len(b) < headerSize+2*len(categories) {
			t.Errorf("%d subcategories of %d bytes", len(got), len(b))
		}
	})
}
