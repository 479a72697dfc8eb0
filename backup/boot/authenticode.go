package boot

import (
	"bytes"
	"cmp"
	"crypto"
	_ "crypto/sha1"   // of old signatures
	_ "crypto/sha256" // of the others
	_ "crypto/sha512"
	"crypto/x509/pkix"
	"debug/pe"
	"encoding/asn1"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxSignatures   = 16
	pkcsSignedData  = 2 // wCertificateType
	certificateHead = 8 // bytes before a signature
)

// digests are the algorithms of a signature (RFC 3279, RFC 5754).
var digests = map[string]crypto.Hash{
	"1.3.14.3.2.26":          crypto.SHA1,
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

// contentInfo is the outermost part of PKCS #7 (RFC 2315, section 7).
type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,tag:0"`
}

// signedData is the beginning of a signature (RFC 2315, section 9.1).
type signedData struct {
	Version    int
	Algorithms asn1.RawValue
	Content    contentInfo
	Rest       []asn1.RawValue `asn1:"optional,omitempty"`
}

// indirectData is what is signed (Windows Authenticode Portable Executable Signature Format, SpcIndirectDataContent).
type indirectData struct {
	Data   asn1.RawValue
	Digest struct {
		Algorithm pkix.AlgorithmIdentifier
		Value     []byte
	}
}

// signed tells whether the program has signatures and is what was signed: the digest in each is held against the content, for which no
// key is needed. Whom the signature is of is not looked at. An error of kind binread.ErrCorrupt means that the program was changed.
func (p *peFile) signed() (bool, error) {
	table := p.content[p.certificates.from:max(p.certificates.from, p.certificates.to)]
	n := 0
	for ; len(table) >= certificateHead && n < maxSignatures; n++ {
		c := binread.Little(table)
		length, _, kind := int(c.U32()), c.U16(), c.U16()
		if length < certificateHead || length > len(table) {
			return false, binread.Corrupt("signature of %d bytes, and %d are left", length, len(table))
		}
		if kind != pkcsSignedData {
			return false, binread.Unsupported("signature of type %d", kind)
		}
		hash, want, err := digestOf(table[certificateHead:length])
		if err != nil {
			return false, err
		}
		if got := p.digest(hash); !bytes.Equal(got, want) {
			return false, binread.Corrupt("is not what was signed: %s is %x…, and the signature has %x…", hash, got[:4], want[:min(4, len(want))])
		}
		table = table[min((length+7)&^7, len(table)):]
	}
	return n > 0, nil
}

// digestOf returns the digest of the program that a signature has.
func digestOf(signature []byte) (crypto.Hash, []byte, error) {
	var outer contentInfo
	var data signedData
	var signed indirectData
	_, err := asn1.Unmarshal(signature, &outer)
	if err == nil {
		_, err = asn1.Unmarshal(outer.Content.Bytes, &data)
	}
	if err == nil {
		_, err = asn1.Unmarshal(data.Content.Content.Bytes, &signed)
	}
	if err != nil {
		return 0, nil, binread.Corrupt("signature: %w", err)
	}
	hash, ok := digests[signed.Digest.Algorithm.Algorithm.String()]
	if !ok {
		return 0, nil, binread.Unsupported("signature with the digest %s", signed.Digest.Algorithm.Algorithm)
	}
	return hash, signed.Digest.Value, nil
}

// digest is the Authenticode digest: of the headers but for the checksum and the place of the signatures, of the sections by their place,
// and of what is behind them but for the signatures.
func (p *peFile) digest(hash crypto.Hash) []byte {
	h := hash.New()
	b, place := p.content, p.signaturePlace()
	h.Write(b[:p.optional+checksumAt])
	h.Write(b[p.optional+checksumAt+4 : place])
	h.Write(b[place+directoryLength : p.headers])
	sections := slices.Clone(p.sections)
	slices.SortStableFunc(sections, func(a, b *pe.Section) int { return cmp.Compare(a.Offset, b.Offset) })
	hashed := p.headers
	for _, s := range sections {
		if s.Size > 0 {
			h.Write(b[s.Offset:][:s.Size])
			hashed += int(s.Size)
		}
	}
	if end := p.certificates.from; hashed < end {
		h.Write(b[hashed:end])
	}
	return h.Sum(nil)
}
