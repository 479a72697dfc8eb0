package luks

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	header1Size = 592 // bytes
	sector1     = 512 // bytes, in which LUKS1 counts
	slots1      = 8
	slotActive  = 0x00ac71f3 // LUKS_KEY_ENABLED
	slotIdle    = 0x0000dead // LUKS_KEY_DISABLED
	digest1Size = 20         // bytes of the digest of the volume key
)

// header1 is the partition header of LUKS1 (section 2.1, figure 1).
type header1 struct {
	cipherName       string // cipher-name
	cipherMode       string // cipher-mode
	hash             string // hash-spec
	payloadOffset    uint32 // payload-offset, in sectors
	keyBytes         uint32 // key-bytes
	digest           []byte // mk-digest
	digestSalt       []byte // mk-digest-salt
	digestIterations uint32 // mk-digest-iter
	uuid             string
	slots            [slots1]slot1
}

// slot1 is a key slot of LUKS1 (figure 2).
type slot1 struct {
	active         uint32
	iterations     uint32
	salt           []byte
	materialOffset uint32 // key-material-offset, in sectors
	stripes        uint32
}

func readHeader1(r io.ReaderAt, size int64) (*header, error) {
	b, err := binread.ReadAt(r, 0, header1Size, header1Size)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	raw, err := decode1(b)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	spec := raw.cipherName + "-" + raw.cipherMode
	h := &header{
		version: 1, uuid: raw.uuid, spec: spec,
		payload: payload{offset: int64(raw.payloadOffset) * sector1, size: -1, sector: sector1},
		verify:  digest{pbkdf2Derivation(raw.hash, raw.digestSalt, raw.digestIterations), raw.digest},
	}
	h.payload.cipher, h.locked = parseCipher(spec, int(raw.keyBytes))
	for i, s := range raw.slots {
		if s.active != slotIdle {
			h.slots = append(h.slots, s.slot(i, raw, h.payload.cipher, size))
		}
	}
	return h, nil
}

// decode1 decodes the header and holds it against the specification.
func decode1(b []byte) (*header1, error) {
	c := binread.Big(b)
	h := &header1{
		cipherName:       text(c.At(8).Bytes(32)),
		cipherMode:       text(c.Bytes(32)),
		hash:             text(c.Bytes(32)),
		payloadOffset:    c.U32(),
		keyBytes:         c.U32(),
		digest:           c.Bytes(digest1Size),
		digestSalt:       c.Bytes(32),
		digestIterations: c.U32(),
		uuid:             text(c.Bytes(40)),
	}
	for i := range h.slots {
		h.slots[i] = slot1{c.U32(), c.U32(), c.Bytes(32), c.U32(), c.U32()}
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	switch {
	case h.keyBytes == 0:
		return nil, binread.Corrupt("a volume key of 0 bytes")
	case h.keyBytes > maxKey:
		return nil, binread.Limit("a volume key of %d bytes, want at most %d", h.keyBytes, maxKey)
	case !isUUID(h.uuid):
		return nil, binread.Corrupt("UUID %q, want 36 hexadecimal digits and dashes", h.uuid)
	}
	return h, nil
}

// slot is the slot with that number as it is tried.
func (s slot1) slot(number int, h *header1, spec cipherSpec, size int64) slot {
	out := slot{
		number: number, keySize: int(h.keyBytes), derive: pbkdf2Derivation(h.hash, s.salt, s.iterations),
		area: area{off: int64(s.materialOffset) * sector1, keySize: int(h.keyBytes), stripes: int(s.stripes), hash: h.hash, cipher: spec},
	}
	if s.active != slotActive {
		out.err = binread.Corrupt("state %#x, want %#x or %#x", s.active, uint32(slotActive), uint32(slotIdle))
		return out
	}
	out.err = out.check(size)
	return out
}

// text is a field that a zero byte ends.
func text(b []byte) string {
	s, _, _ := bytes.Cut(b, []byte{0})
	return string(s)
}

// isUUID wants what libuuid writes: other text must not become the path of a device.
func isUUID(s string) bool {
	return len(s) == 36 && strings.Trim(s, "0123456789abcdefABCDEF-") == ""
}
