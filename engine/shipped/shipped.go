// Package shipped tells what the packages of a guest shipped: the digest, mode and owner of each of their files, by the databases
// of dpkg, rpm, apk and pacman.
//
// The databases lie in the guest, where an attacker can write: a file that agrees with them is as shipped only as far as they are to
// be believed.
package shipped

import (
	"context"
	"crypto"
	"io"

	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/owners"
	"github.com/guestctl/guestctl/finding"
)

// Index is what the packages of a guest shipped.
type Index struct {
	owners *owners.Index
}

// Load reads the package databases of the guest. The error is that of owners.Load.
func Load(ctx context.Context, g *guest.Guest) (*Index, error) {
	o, err := owners.Load(ctx, g)
	if err != nil {
		return nil, err
	}
	return &Index{o}, nil
}

// State says which package owns the file at path, which must be without links, and whether its content is as that package shipped
// it. sum is asked for the digest of the file at most once.
func (x *Index) State(path string, sum func(crypto.Hash) ([]byte, error)) (pkg string, state finding.Shipped) {
	if pkg = x.owners.Owner(path); pkg != "" {
		return pkg, finding.NotVerifiable
	}
	if len(x.owners.Managers) == 0 || len(x.owners.Problems) > 0 {
		return "", finding.ShippedUnknown
	}
	return "", finding.NotPackaged
}

// Sum is the digest of the content of a regular file.
func Sum(o guest.Object, h crypto.Hash) ([]byte, error) {
	f, err := o.Open()
	if err != nil {
		return nil, err
	}
	d := h.New()
	if _, err := io.Copy(d, io.NewSectionReader(f, 0, f.Size())); err != nil {
		return nil, err
	}
	return d.Sum(nil), nil
}
