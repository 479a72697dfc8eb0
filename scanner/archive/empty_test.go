package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// patient is a context that ends when it has been asked for its end some times.
type patient struct {
	context.Context
	asked, most int
}

func (p *patient) Err() error {
	if p.asked++; p.asked > p.most {
		return context.Canceled
	}
	return nil
}

// TestFilesThatHoldNothingEndWithTheBudget has many compressed files one after the other, of which none gives a byte.
func TestFilesThatHoldNothingEndWithTheBudget(t *testing.T) {
	content := append(bytes.Repeat(gz(t, nil), 1000), gz(t, []byte("evil"))...)
	ctx := &patient{t.Context(), 0, 100}
	b := NewBudget(ctx, int64(len(content)), generous())
	err := Walk(content, b, Visitor{Member: func(Member) error { return nil }, Problem: func(string, error) {}})
	if !errors.Is(err, context.Canceled) || ctx.asked > 110 {
		t.Errorf("%v after %d looks at the context, want an end after %d", err, ctx.asked, ctx.most)
	}
	o, err := walk(t, content, generous())
	if err != nil || fmt.Sprint(o.members) != "[=evil]" {
		t.Errorf("members %q, %v; want what the last of them holds", o.members, err)
	}
}

// TestNamesThatStandApartAreCut has a list of names in an ar archive that is one name.
func TestNamesThatStandApartAreCut(t *testing.T) {
	names := strings.Repeat("n", 1<<20)
	content := fmt.Appendf(nil, "!<arch>\n%-48s%-10d`\n%s%-48s%-10d`\nevil", "//", len(names), names, "/5", 4)
	longest := 0
	err := Walk(content, NewBudget(t.Context(), 1<<20, generous()), Visitor{
		Member:  func(m Member) error { longest = max(longest, len(m.Name)); return nil },
		Problem: func(name string, err error) { t.Errorf("%.20q: %v", name, err) },
	})
	if err != nil || longest != 64<<10 {
		t.Errorf("a name of %d bytes, %v; want one of 64 KiB", longest, err)
	}
}
