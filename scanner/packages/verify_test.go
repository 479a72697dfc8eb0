package packages

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/shipped"
)

func verify(t *testing.T, g *guest.Guest, opts Options) *Result {
	t.Helper()
	index, err := shipped.Load(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	opts.Packages = index
	opts.Owners, _ = facts.OwnersOf(g)
	r, err := Verify(t.Context(), g, opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
