package sshkeys

import (
	"crypto/dsa" //nolint:staticcheck // old guests have such keys, and they must be seen
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const maxLine = 1 << 16 // bytes of one key with its options

// public returns the keys of a file. A line that is none is a problem: sshd passes it over.
func (r *reader) public(name string) []facts.SSHKey {
	keys := []facts.SSHKey{}
	full := false
	err := r.s.Lines(name, func(n int, text string) {
		text = strings.TrimSpace(text)
		switch {
		case full || text == "" || text[0] == '#':
			return
		case r.keys >= maxKeys:
			full = true
			r.s.Problem(name, n, binread.Limit("more than %d keys", maxKeys))
			return
		case len(text) > maxLine:
			r.s.Problem(name, n, binread.Limit("line of %d bytes, want at most %d", len(text), maxLine))
			return
		}
		r.keys++
		k, err := parseKey(text)
		if err != nil {
			r.s.Problem(name, n, err)
			return
		}
		k.Source = facts.Source{Path: name, Line: n}
		keys = append(keys, k)
	})
	if err != nil {
		r.s.Problem(name, 0, err)
	}
	return keys
}

func parseKey(line string) (facts.SSHKey, error) {
	pub, comment, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return facts.SSHKey{}, errors.New("line is no public key")
	}
	k := facts.SSHKey{Type: pub.Type(), Fingerprint: ssh.FingerprintSHA256(pub), Comment: comment, Bits: bits(pub)}
	for _, o := range options {
		k.Options = append(k.Options, facts.Redact(o))
	}
	return k, nil
}

// bits returns the size of a key as ssh-keygen prints it.
func bits(pub ssh.PublicKey) int {
	if c, ok := pub.(*ssh.Certificate); ok {
		pub = c.Key
	}
	crypto, ok := pub.(ssh.CryptoPublicKey)
	if !ok {
		return 256 // of security tokens, which are Ed25519 and P-256
	}
	switch k := crypto.CryptoPublicKey().(type) {
	case *rsa.PublicKey:
		return k.N.BitLen()
	case *dsa.PublicKey:
		return k.P.BitLen()
	case *ecdsa.PublicKey:
		return k.Curve.Params().BitSize
	}
	return 256 // Ed25519
}
