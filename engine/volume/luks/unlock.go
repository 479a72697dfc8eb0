package luks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

const (
	maxStripes  = 1 << 16 // of a split key; the formats use 4000
	maxMaterial = 4 << 20 // bytes of a split key
)

// check holds the key material of a slot against its limits, on a device of size bytes.
func (s slot) check(size int64) error {
	n := int64(s.area.stripes) * int64(s.keySize)
	switch {
	case s.area.stripes <= 0:
		return binread.Corrupt("key material in %d stripes", s.area.stripes)
	case s.area.stripes > maxStripes || n > maxMaterial:
		return binread.Limit("key material in %d stripes of %d bytes, want at most %d, of %d bytes together", s.area.stripes, s.keySize, maxStripes, maxMaterial)
	case s.area.off < header1Size:
		return binread.Corrupt("key material at %#x, within the header", s.area.off)
	case s.area.off > size || n > size-s.area.off:
		return binread.Corrupt("key material of %d bytes at %#x, beyond the end at %#x", n, s.area.off, size)
	}
	if _, err := hashNamed(s.area.hash); err != nil {
		return err
	}
	_, err := s.derive.cost(s.area.keySize)
	return err
}

// suiting are the keys that a person gave for v: by its name, its number, the UUID of the encrypted volume, or for any.
func suiting(keys []volume.Key, v *volume.Volume, uuid string) []volume.Key {
	var all []volume.Key
	for _, k := range keys {
		if k.Device == "*" || v.Called(k.Device) || strings.EqualFold(k.Device, uuid) {
			all = append(all, k)
		}
	}
	return all
}

// unlock returns the plain bytes of v, whose header stands in r. The error, of kind binread.ErrEncrypted, says which slots
// were tried.
func unlock(ctx context.Context, v *volume.Volume, r io.ReaderAt, h *header, keys []volume.Key) (io.ReaderAt, error) {
	name := fmt.Sprintf("LUKS%d %s", h.version, h.uuid)
	if h.locked != nil {
		return nil, fmt.Errorf("%s: %w", name, h.locked)
	}
	t := trial{header: h, r: r}
	if err := t.prepare(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(keys) == 0 {
		return nil, binread.WithHint(t.locked("%s: encrypted, and no key was given", name), fmt.Sprintf("give the key with --key %s=file:PATH", v.Name))
	}
	for _, k := range keys {
		key, err := t.key(ctx, k)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if key != nil {
			defer clear(key)
			return newPlain(v, h.payload, key)
		}
	}
	return nil, binread.WithHint(t.locked("%s: no key that was given for it opens %s: tried %s", name, v.Name, t.slotsTried()),
		"a key file is used whole, and without a newline at its end: compare it with what cryptsetup open --key-file takes")
}

// trial is the search for the volume key.
type trial struct {
	*header
	r      io.ReaderAt
	tried  []slot
	refuse []string // why slots are not tried
	errs   []error
	spent  uint64 // of maxTotal
	digest uint64 // cost of holding a volume key against its digest
}

// prepare sorts the slots into those that are tried and those that are not.
func (t *trial) prepare() (err error) {
	if t.digest, err = t.verify.check(); err != nil {
		return fmt.Errorf("digest: %w", err)
	}
	for _, s := range t.slots {
		if s.err != nil {
			t.refuse = append(t.refuse, fmt.Sprintf("slot %d: %v", s.number, s.err))
			t.errs = append(t.errs, s.err)
			continue
		}
		t.tried = append(t.tried, s)
	}
	return nil
}

// locked is the error of a volume that stays closed.
func (t *trial) locked(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	for _, why := range t.refuse {
		text += "; " + why
	}
	if len(t.tokens) > 0 {
		text += fmt.Sprintf("; tokens are not followed (%s)", strings.Join(t.tokens, ", "))
	}
	return &lockedError{binread.Encrypted("%s", text), errors.Join(t.errs...)}
}

// lockedError is encrypted, and of the kinds of what is wrong with its slots.
type lockedError struct {
	error
	slots error
}

func (e *lockedError) Unwrap() []error { return []error{e.error, e.slots} }

func (t *trial) slotsTried() string {
	if len(t.tried) == 0 {
		return "no slot"
	}
	var all []string
	for _, s := range t.tried {
		all = append(all, strconv.Itoa(s.number))
	}
	if len(all) == 1 {
		return "slot " + all[0]
	}
	return "slots " + strings.Join(all, ", ")
}

// key returns the volume key if k opens a slot, and nil if it opens none.
func (t *trial) key(ctx context.Context, k volume.Key) ([]byte, error) {
	secret, err := k.Secret()
	defer clear(secret)
	if err != nil {
		return nil, fmt.Errorf("key for %s: %w", k.Device, err)
	}
	for _, candidate := range candidates(secret) {
		for _, s := range t.tried {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			key, err := t.open(s, candidate)
			if key != nil || err != nil {
				return key, err
			}
		}
	}
	return nil, nil
}

// open returns the volume key if the secret opens the slot, and nil if it does not.
func (t *trial) open(s slot, secret []byte) ([]byte, error) {
	cost, err := s.derive.cost(s.area.keySize)
	if err != nil {
		return nil, err
	}
	if t.spent += cost + t.digest; t.spent > maxTotal {
		return nil, binread.Limit("trying the keys takes too long: slot %d was not tried", s.number)
	}
	key, err := t.recover(s, secret)
	if err != nil {
		return nil, fmt.Errorf("slot %d: %w", s.number, err)
	}
	if ok, err := t.verify.fits(key); ok || err != nil {
		return key, err
	}
	clear(key)
	return nil, nil
}

// recover returns what the slot holds if the secret is right, and something else if it is not.
func (t *trial) recover(s slot, secret []byte) ([]byte, error) {
	key, err := s.derive.key(secret, s.area.keySize)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	c, err := s.area.cipher.open(key)
	if err != nil {
		return nil, err
	}
	n := int64(s.area.stripes) * int64(s.keySize)
	material := make([]byte, (n+sector1-1)/sector1*sector1)
	defer clear(material)
	// The last sector may be cut off by the end of the area: then nothing of it counts.
	if err := binread.Fill(t.r, material[:n], s.area.off); err != nil {
		return nil, err
	}
	if rest := material[n:]; len(rest) > 0 {
		if err := binread.Fill(t.r, rest, s.area.off+n); err != nil {
			return nil, err
		}
	}
	c.decrypt(material, sector1, 0)
	newHash, err := hashNamed(s.area.hash)
	if err != nil {
		return nil, err
	}
	return merge(material[:n], s.area.stripes, newHash), nil
}
