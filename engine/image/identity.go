package image

import "time"

// Identity is by what an image above one knows that it is the right one.
type Identity struct {
	ID string // in the form of its format
	// Change is another for each time that the disk was written to, where the format has such a thing.
	Change string
	// Written is when the host says that the file was written to last; the zero time where it does not.
	Written time.Time
}

// Identified is implemented by images whose container has an identity.
type Identified interface {
	Identity() Identity
}

// IdentityOf returns the identity of img. ok is false where it has none.
func IdentityOf(img any) (id Identity, ok bool) {
	if o, owned := img.(*ownedImage); owned {
		img = o.Image
	}
	i, ok := img.(Identified)
	if !ok {
		return Identity{}, false
	}
	return i.Identity(), true
}
