// Package luks reads volumes encrypted with LUKS1 and LUKS2, given a passphrase or a key file.
//
// It follows the LUKS1 On-Disk Format Specification 1.2.3 and the LUKS2 On-Disk Format Specification 1.1.4, and for how sectors are
// encrypted the kernel's documentation of dm-crypt. It reads ciphers AES and Twofish in the modes xts-plain64, xts-plain, cbc-essiv,
// cbc-plain64 and cbc-plain. Volumes with integrity tags, of several segments, or in the middle of a re-encryption are named with the
// reason, and not read. What tokens say is not followed: no TPM, no smart card, no keyring.
//
// What a header asks of memory and time to try a key is held against limits first: an image may ask for anything.
package luks

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

const (
	primaryMagic   = "LUKS\xba\xbe"
	secondaryMagic = "SKUL\xba\xbe"
)

// Format is LUKS1 and LUKS2.
var Format = volume.Format{Name: "LUKS", Probe: probe, Open: open, Detached: openDetached}

// header is what both versions say of a volume.
type header struct {
	version  int
	uuid     string
	label    string
	spec     string // of the cipher of the payload: "aes-xts-plain64"
	payload  payload
	slots    []slot // that open the payload, in the order in which they are tried
	verify   digest
	tokens   []string // types of the tokens, which are not followed
	problems []volume.Problem
	locked   error // why no key can open the payload; nil where one may
}

// payload says where the encrypted bytes lie, and how.
type payload struct {
	offset int64 // of its first byte
	size   int64 // bytes; -1 is to the end of the device
	sector int64 // bytes
	tweak  uint64
	cipher cipherSpec
}

// slot is one place that holds the volume key, encrypted under a key of a person.
type slot struct {
	number  int
	keySize int // of the volume key, in bytes
	derive  derivation
	area    area
	err     error // why it cannot be used; nil where it can
}

// area is where the key material of a slot lies.
type area struct {
	off     int64
	keySize int // of the key that encrypts it, in bytes
	stripes int
	hash    string // of the anti-forensic splitter
	cipher  cipherSpec
}

// probe accepts a header at the start, and a sound secondary header of LUKS2 where that is gone. On a disk whose first sector is a boot
// sector the secondary is what an earlier use left behind.
func probe(r io.ReaderAt, size int64) (bool, error) {
	if ok, err := binread.Magic(0, primaryMagic)(r, size); ok || err != nil {
		return ok, err
	}
	if boot, err := binread.Magic(510, "\x55\xaa")(r, size); boot || err != nil {
		return false, err
	}
	for _, off := range secondaryOffsets() {
		ok, err := binread.Magic(off, secondaryMagic)(r, size)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		if _, err := readCopy(r, size, off); err == nil {
			return true, nil
		} else if !damaged(err) {
			return false, err
		}
	}
	return false, nil
}

func open(ctx context.Context, members []*volume.Volume, opts volume.Options) (*volume.Table, error) {
	if len(members) != 1 {
		return nil, binread.Unsupported("LUKS: %d volumes, want 1", len(members))
	}
	v := members[0]
	return openWith(ctx, v, v, v.Size, opts.Keys)
}

// openDetached opens a volume whose header lies elsewhere.
func openDetached(ctx context.Context, v *volume.Volume, from volume.Header, opts volume.Options) (*volume.Table, error) {
	return openWith(ctx, v, from, from.Size, opts.Keys)
}

// openWith opens v with the header that stands at the start of r.
func openWith(ctx context.Context, v *volume.Volume, r io.ReaderAt, size int64, keys []volume.Key) (*volume.Table, error) {
	h, err := readHeader(r, size)
	if err != nil {
		return nil, fmt.Errorf("LUKS: %w", err)
	}
	t := &volume.Table{UUID: h.uuid, Problems: h.problems}
	child := &volume.Volume{
		Name: "luks", Kind: fmt.Sprintf("LUKS%d %s", h.version, h.spec), Label: h.label, Parent: v,
		Cipher: h.spec, Devices: []string{"/dev/mapper/luks-" + h.uuid},
	}
	t.Volumes = []*volume.Volume{child}
	n, err := h.payload.fit(v.Size)
	if err != nil {
		return nil, fmt.Errorf("LUKS: %w", err)
	}
	if child.Size = n; h.payload.size > n {
		t.Problems = append(t.Problems, volume.Problemf(volume.Missing, "the encrypted bytes end at %d, beyond the end of the volume at %d: cut off",
			h.payload.offset+h.payload.size, v.Size))
	}
	child.ReaderAt, child.Err = unlock(ctx, v, r, h, suiting(keys, v, h.uuid))
	if child.Err != nil {
		child.ReaderAt = sealed{child.Err}
	}
	return t, ctx.Err()
}

// readHeader reads the header of either version.
func readHeader(r io.ReaderAt, size int64) (*header, error) {
	b, err := binread.ReadAt(r, 0, min(8, size), 8)
	if err != nil {
		return nil, err
	}
	c := binread.Big(b)
	version := c.At(6).U16()
	switch primary := strings.HasPrefix(string(b), primaryMagic); {
	case primary && version == 1:
		return readHeader1(r, size)
	case primary && version > 2:
		return nil, binread.Unsupported("version %d, want 1 or 2", version)
	}
	return readHeader2(r, size)
}

// fit returns how many bytes of the payload lie on a volume of so many.
func (p payload) fit(size int64) (int64, error) {
	if p.offset >= size {
		return 0, binread.Corrupt("the encrypted bytes start at %d, beyond the end of the volume at %d", p.offset, size)
	}
	n := size - p.offset
	if p.size >= 0 {
		n = min(n, p.size)
	}
	return n / p.sector * p.sector, nil
}

// sealed is a volume that was not opened.
type sealed struct{ err error }

func (s sealed) ReadAt([]byte, int64) (int, error) { return 0, s.err }
