package rpmdb

import (
	"crypto"
	_ "crypto/sha1"   // the digests of headers
	_ "crypto/sha256" //
	"encoding/hex"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

// The part of a header that came with the package, and its digests, which rpm adds when it installs the package (docs/manual/hregions.md).
const (
	tagImmutable    = 63
	tagSHA1Header   = 269
	tagSHA256Header = 273
	typeBinary      = 7
)

// magic begins a header in a package, and not in the database.
const magic = "\x8e\xad\xe8\x01\x00\x00\x00\x00"

// appendNumber writes a number as headers have it, highest byte first.
func appendNumber(b []byte, v uint32) []byte {
	return append(b, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}

// CheckSeal holds what came with the package against the digest of it that rpm noted, which the signature also covers. Whoever changes
// digests or modes of files in the database and nothing else breaks it. It returns false for a header that has no digest of its own.
func (h *Header) CheckSeal() (sealed bool, err error) {
	d := decoder{h: h}
	hash, want := crypto.SHA256, d.text(tagSHA256Header)
	if want == "" {
		hash, want = crypto.SHA1, d.text(tagSHA1Header)
	}
	if d.err != nil || want == "" {
		return false, d.err
	}
	tags, n, err := h.immutable()
	if err != nil {
		return true, err
	}
	b := []byte(magic)
	b = appendNumber(b, uint32(len(tags)))
	b = appendNumber(b, uint32(n))
	for _, t := range tags {
		for _, v := range []uint32{t.id, t.kind, t.offset, t.count} {
			b = appendNumber(b, v)
		}
	}
	sum := hash.New()
	sum.Write(b)
	sum.Write(h.data[:n])
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return true, binread.Checksum("header of %.60q has the %v %s, want %.64s", h.Name, hash, got, want)
	}
	for _, t := range h.tags[len(tags):] {
		if slices.Contains(sealedTags[:], t.id) {
			return true, binread.Corrupt("header of %.60q has tag %d of its files outside of what came with the package", h.Name, t.id)
		}
	}
	return true, nil
}

// sealedTags say what files a package has and how they are. The last one of a number counts.
var sealedTags = [...]uint32{
	tagBaseNames, tagFileSizes, tagFileModes, tagFileDigests, tagFileLinkTos, tagFileFlags, tagFileUsers, tagFileGroups, tagFileVerifyFlags,
	tagLongFileSizes, tagFileCaps, tagFileDigAlgo,
}

// immutable returns the tags that came with the package and how many bytes of data they have. The first tag leads to the end of that
// data, where a tag like it says how far before it the tags begin.
func (h *Header) immutable() (tags []tag, n int, err error) {
	const size = indexEntry
	first := h.tags[0]
	if first.id != tagImmutable || first.kind != typeBinary || first.count != size || int64(first.offset) > int64(len(h.data)-size) {
		return nil, 0, binread.Corrupt("header of %.60q begins with tag %d, want %d, of what came with the package", h.Name, first.id, tagImmutable)
	}
	n = int(first.offset) + size
	c := binread.Big(h.data[first.offset:n])
	id, kind, back, count := c.U32(), c.U32(), -int64(int32(c.U32())), c.U32()
	if id != tagImmutable || kind != typeBinary || count != size || back%size != 0 || back < size || back/size > int64(len(h.tags)) {
		return nil, 0, binread.Corrupt("header of %.60q: what came with the package has %d bytes of tags, of %d", h.Name, back, size*len(h.tags))
	}
	return h.tags[:back/size], n, nil
}
