package scanner

import (
	"crypto"
	"crypto/sha256"

	"github.com/fxamacker/cbor/v2"

	"github.com/guestctl/guestctl/engine/guest"
)

// learned is what is kept of a file under its origin, so that it need not be read again to know its verdict.
type learned struct {
	Class Class
	Holds bool
	Sums  map[crypto.Hash][]byte
}

// origin names the content of a file by where it comes from.
func (w *worker) origin(file guest.Object) (key [32]byte, ok bool) {
	if w.Store == nil {
		return key, false
	}
	name, ok := file.Origin(w.Now)
	return sha256.Sum256(append([]byte("origin "), name[:]...)), ok
}

// known fills in what is kept of a file with this origin.
func (w *worker) known(o *Object, origin [32]byte) bool {
	b, ok := w.Store.Get(origin)
	var l learned
	if !ok || unmarshal(b, &l) != nil || len(l.Sums[crypto.SHA256]) != sha256.Size {
		return false
	}
	o.Class, o.Holds, o.sums = l.Class, l.Holds, l.Sums
	o.kept = len(l.Sums)
	return true
}

// learn keeps what is known of a file, unless all of it was kept before.
func (w *worker) learn(o *Object, origin [32]byte) {
	o.Sum(crypto.SHA256)
	if len(o.sums) == o.kept {
		return
	}
	if b, err := cbor.Marshal(learned{o.Class, o.Holds, o.sums}); err == nil {
		w.Store.Put(origin, b)
	}
}
