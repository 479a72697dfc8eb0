package luks

import (
	"cmp"
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxSlots    = 32 // LUKS2_KEYSLOTS_MAX
	maxSegments = 32
)

// metadata is the JSON area of LUKS2 (section 3).
type metadata struct {
	Keyslots map[string]keyslot `json:"keyslots"`
	Tokens   map[string]token   `json:"tokens"`
	Segments map[string]segment `json:"segments"`
	Digests  map[string]digest2 `json:"digests"`
	Config   config             `json:"config"`
}

type keyslot struct {
	Type     string   `json:"type"`
	KeySize  uint32   `json:"key_size"` // bytes
	Priority *int     `json:"priority"` // 0 is ignore, 1 normal, 2 prefer
	AF       split    `json:"af"`
	Area     rawArea  `json:"area"`
	KDF      function `json:"kdf"`
}

type split struct {
	Type    string `json:"type"`
	Stripes uint32 `json:"stripes"`
	Hash    string `json:"hash"`
}

type rawArea struct {
	Type       string  `json:"type"`
	Offset     decimal `json:"offset"` // bytes
	Size       decimal `json:"size"`   // bytes
	Encryption string  `json:"encryption"`
	KeySize    uint32  `json:"key_size"` // bytes
}

// function is how a slot makes a key of a passphrase.
type function struct {
	Type       string  `json:"type"`
	Salt       encoded `json:"salt"`
	Hash       string  `json:"hash"`       // pbkdf2
	Iterations uint32  `json:"iterations"` // pbkdf2
	Time       uint32  `json:"time"`       // argon2
	Memory     uint32  `json:"memory"`     // argon2, in KiB
	CPUs       uint32  `json:"cpus"`       // argon2
}

type token struct {
	Type     string   `json:"type"`
	Keyslots []string `json:"keyslots"`
}

type segment struct {
	Type       string     `json:"type"`
	Offset     decimal    `json:"offset"` // bytes
	Size       string     `json:"size"`   // bytes, or "dynamic"
	Tweak      decimal    `json:"iv_tweak"`
	Encryption string     `json:"encryption"`
	SectorSize uint32     `json:"sector_size"` // bytes
	Integrity  *integrity `json:"integrity"`
	Flags      []string   `json:"flags"`
}

type integrity struct {
	Type string `json:"type"`
}

type digest2 struct {
	Type       string   `json:"type"`
	Keyslots   []string `json:"keyslots"`
	Segments   []string `json:"segments"`
	Hash       string   `json:"hash"`
	Iterations uint32   `json:"iterations"`
	Salt       encoded  `json:"salt"`
	Digest     encoded  `json:"digest"`
}

type config struct {
	KeyslotsSize decimal `json:"keyslots_size"` // bytes
	Requirements struct {
		Mandatory []string `json:"mandatory"`
	} `json:"requirements"`
}

// decimal is a number that stands in quotes, so that 64 bits of it survive (section 3.1).
type decimal uint64

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *decimal) UnmarshalText(b []byte) error {
	n, err := strconv.ParseUint(string(b), 10, 63)
	*d = decimal(n)
	return err
}

// encoded are bytes in base64.
type encoded []byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *encoded) UnmarshalText(b []byte) (err error) {
	*e, err = base64.StdEncoding.DecodeString(string(b))
	return err
}

func parseMetadata(b []byte) (*metadata, error) {
	m := &metadata{}
	if err := strictJSON(b, m); err != nil {
		return nil, err
	}
	switch {
	case len(m.Keyslots) > maxSlots:
		return nil, binread.Limit("%d key slots, want at most %d", len(m.Keyslots), maxSlots)
	case len(m.Segments) > maxSegments:
		return nil, binread.Limit("%d segments, want at most %d", len(m.Segments), maxSegments)
	case len(m.Segments) == 0:
		return nil, binread.Corrupt("no segment")
	}
	return m, nil
}

// header is what the metadata say, behind two headers of headerSize bytes on a device of size bytes.
func (m *metadata) header(headerSize, size int64) (*header, error) {
	name, s, locked := m.segment()
	if locked != nil { // which is no error of the header
		return &header{locked: locked, spec: m.spec(), payload: payload{sector: sector1, size: -1}}, nil //nolint:nilerr // it is why the volume stays closed
	}
	var err error
	h := &header{spec: s.Encryption}
	if h.payload, err = s.payload(); err != nil {
		return nil, err
	}
	h.tokens = m.tokens()
	d, ok := m.digestOf(name)
	if !ok {
		return nil, binread.Corrupt("no digest for segment %s", name)
	}
	h.verify = digest{pbkdf2Derivation(d.Hash, d.Salt, d.Iterations), d.Digest}
	if d.Type != "pbkdf2" {
		h.locked = binread.Unsupported("digest of type %q, want pbkdf2", d.Type)
		return h, nil
	}
	for _, n := range m.order(d.Keyslots) {
		h.slots = append(h.slots, m.Keyslots[n].slot(n, 2*headerSize, size))
	}
	if i := slices.IndexFunc(h.slots, func(s slot) bool { return s.err == nil }); i >= 0 {
		h.payload.cipher, h.locked = parseCipher(s.Encryption, h.slots[i].keySize)
	}
	return h, nil
}

// spec names how the segments are encrypted.
func (m *metadata) spec() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(m.Segments)) {
		if s := m.Segments[name]; s.Encryption != "" && !slices.Contains(all, s.Encryption) {
			all = append(all, s.Encryption)
		}
	}
	return strings.Join(all, ", ")
}

// segment returns the one segment of the volume. The error says what else there is.
func (m *metadata) segment() (string, segment, error) {
	all := m.Config.Requirements.Mandatory
	if i := slices.IndexFunc(all, func(r string) bool { return strings.Contains(r, "reencrypt") }); i >= 0 {
		return "", segment{}, binread.Unsupported("is in the middle of a re-encryption (%q): finish it with cryptsetup reencrypt", all[i])
	}
	if len(all) > 0 {
		return "", segment{}, binread.Unsupported("requires %q, which this version does not know", all[0])
	}
	names := slices.Sorted(maps.Keys(m.Segments))
	if len(names) > 1 {
		return "", segment{}, binread.Unsupported("%d segments, want 1: what is between two steps of a re-encryption is not read", len(names))
	}
	s := m.Segments[names[0]]
	switch {
	case s.Type != "crypt":
		return "", segment{}, binread.Unsupported("segment of type %q, want crypt", s.Type)
	case s.Integrity != nil:
		return "", segment{}, binread.Unsupported("integrity tags (%s) are not read by this version", s.Integrity.Type)
	case len(s.Flags) > 0:
		return "", segment{}, binread.Unsupported("segment with flags %q, want none", s.Flags)
	}
	return names[0], s, nil
}

func (s segment) payload() (payload, error) {
	p := payload{offset: int64(s.Offset), size: -1, sector: int64(s.SectorSize), tweak: uint64(s.Tweak)}
	if s.SectorSize < 512 || s.SectorSize > 4096 || s.SectorSize&(s.SectorSize-1) != 0 {
		return p, binread.Corrupt("sectors of %d bytes, want 512, 1024, 2048 or 4096", s.SectorSize)
	}
	if s.Size != "dynamic" {
		var n decimal
		if err := n.UnmarshalText([]byte(s.Size)); err != nil || n == 0 || int64(n)%p.sector != 0 || int64(n) > 1<<62-p.offset {
			return p, binread.Corrupt("segment of %q bytes, want whole sectors of %d, or dynamic", s.Size, p.sector)
		}
		p.size = int64(n)
	}
	if p.offset%sector1 != 0 {
		return p, binread.Corrupt("segment at %d, want whole sectors", p.offset)
	}
	return p, nil
}

// digestOf returns the digest of the key of a segment.
func (m *metadata) digestOf(segment string) (digest2, bool) {
	for _, name := range slices.Sorted(maps.Keys(m.Digests)) {
		if d := m.Digests[name]; slices.Contains(d.Segments, segment) {
			return d, true
		}
	}
	return digest2{}, false
}

// order returns the slots that exist in the order in which they are tried: those that are preferred first, those to be ignored last,
// since a person may have given the key for one of them.
func (m *metadata) order(slots []string) []string {
	var all []string
	for _, name := range slots {
		if _, ok := m.Keyslots[name]; ok && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	priority := func(name string) int {
		if p := m.Keyslots[name].Priority; p != nil {
			return *p
		}
		return 1
	}
	slices.SortStableFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(priority(b), priority(a)), cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
	return all
}

// slot is the slot of that name as it is tried. Its key material lies behind the headers.
func (k keyslot) slot(name string, headers, size int64) slot {
	n, err := strconv.ParseUint(name, 10, 8)
	out := slot{
		number: int(n), keySize: int(k.KeySize),
		area: area{off: int64(k.Area.Offset), keySize: int(k.Area.KeySize), stripes: int(k.AF.Stripes), hash: k.AF.Hash},
	}
	switch {
	case err != nil:
		out.err = binread.Corrupt("key slot %q, want a number", name)
	case k.Type != "luks2":
		out.err = binread.Unsupported("type %q, want luks2", k.Type)
	case k.AF.Type != "luks1":
		out.err = binread.Unsupported("splitter %q, want luks1", k.AF.Type)
	case k.Area.Type != "raw":
		out.err = binread.Unsupported("area of type %q, want raw", k.Area.Type)
	case out.area.off < headers:
		out.err = binread.Corrupt("key material at %#x, within the headers", out.area.off)
	case k.KeySize == 0 || k.Area.KeySize == 0:
		out.err = binread.Corrupt("a key of 0 bytes")
	case k.KeySize > maxKey || k.Area.KeySize > maxKey:
		out.err = binread.Limit("a key of %d bytes, want at most %d", max(k.KeySize, k.Area.KeySize), maxKey)
	default:
		out.derive, out.err = k.KDF.derivation()
	}
	if out.err != nil {
		return out
	}
	if out.area.cipher, out.err = parseCipher(k.Area.Encryption, out.area.keySize); out.err == nil {
		out.err = out.check(size)
	}
	return out
}

// tokens names what else could open the volume, each type once.
func (m *metadata) tokens() []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(m.Tokens)) {
		if t := m.Tokens[name].Type; !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}

// derivation is how the slot makes its key.
func (f function) derivation() (derivation, error) {
	switch f.Type {
	case "pbkdf2":
		return pbkdf2Derivation(f.Hash, f.Salt, f.Iterations), nil
	case "argon2i", "argon2id":
		return argon2Derivation{f.Type, f.Salt, f.Time, f.Memory, f.CPUs}, nil
	}
	return nil, binread.Unsupported("key derivation %q, want pbkdf2, argon2i or argon2id", f.Type)
}
