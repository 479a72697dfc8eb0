package files

import (
	"context"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/owners"
)

// index is which package owns what, read when the first file asks for it.
type index struct{ *owners.Index }

// of returns the package that owns the path, "" when none does, and nil when there may be one that could not be read.
func (x *index) of(ctx context.Context, s *facts.Scope, resolved string) (*string, error) {
	if x.Index == nil {
		loaded, err := owners.Load(ctx, s.Guest)
		if err != nil {
			return nil, err
		}
		x.Index = loaded
	}
	name := x.Owner(resolved)
	if name == "" && (len(x.Problems) > 0 || len(x.Managers) == 0) {
		return nil, nil // not known
	}
	return &name, nil
}
