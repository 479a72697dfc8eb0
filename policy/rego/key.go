package rego

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// algorithmOf returns the algorithm of JSON Web Signatures (RFC 7518, section 3.1) that goes with a public key. OPA signs with the
// SHA-2 of the size of the curve, and with RS256.
func algorithmOf(text []byte) (string, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return "", errors.New("no PEM block, want the public key or certificate that verifies a bundle")
	}
	var key any
	var err error
	if block.Type == "CERTIFICATE" {
		var cert *x509.Certificate
		if cert, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = cert.PublicKey
		}
	} else {
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	}
	if err != nil {
		return "", fmt.Errorf("%s is no public key, want PUBLIC KEY or CERTIFICATE", block.Type)
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		return "RS256", nil
	case *ecdsa.PublicKey:
		switch key.Curve.Params().BitSize {
		case 256:
			return "ES256", nil
		case 384:
			return "ES384", nil
		case 521:
			return "ES512", nil
		}
	}
	return "", fmt.Errorf("a key of the type %T, want RSA or ECDSA", key)
}
