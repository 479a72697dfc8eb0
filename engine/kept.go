package engine

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/guestctl/guestctl/engine/guest"
)

// Recall fills v with what Remember kept of a guest of the same disks under the same name, and reports whether there was something.
func (m *Machine) Recall(g *guest.Guest, name string, v any) bool {
	b, ok := m.cache.Bytes(m.guestKey(g, name))
	return ok && unmarshal(b, v) == nil
}

// Remember keeps v for Recall: it was made of the guest and of what the name tells, and of nothing else. It keeps nothing of disks
// that may have changed since.
func (m *Machine) Remember(g *guest.Guest, name string, v any) {
	if !m.Identity.Settled {
		return
	}
	if b, err := cbor.Marshal(v); err == nil {
		m.cache.PutBytes(m.guestKey(g, name), b)
	}
}

// guestKey names what is made of a guest of this machine.
func (m *Machine) guestKey(g *guest.Guest, name string) string {
	return fmt.Sprintf("%s %#v %#v %#v", name, m.Identity.Digest, m.snapshot, g.Name)
}

// unmarshal reads what was kept. Names of a guest are bytes, which need not be UTF-8.
func unmarshal(b []byte, v any) error {
	dec, err := cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode()
	if err != nil {
		return err
	}
	return dec.Unmarshal(b, v)
}
