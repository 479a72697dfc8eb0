package certificates

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxErrors = 20
	maxNames  = 1000
	day       = 24 * 60 * 60
)

type problem struct {
	line int
	err  error
}

// parse returns the certificates of a file, PEM or DER. Blocks that are something else, keys among them, are passed over.
func parse(b []byte, most int) (all []facts.Certificate, problems []problem) {
	if len(b) > 1 && b[0] == 0x30 && !bytes.Contains(b, []byte("-----BEGIN ")) {
		c, err := certificate(b)
		if err != nil {
			return nil, []problem{{0, err}}
		}
		return []facts.Certificate{c}, nil
	}
	rest := b
	index := 0
	for len(problems) < maxErrors && len(all) < most {
		at := len(b) - len(rest)
		block, after := pem.Decode(rest)
		if block == nil {
			break
		}
		// Decode passes over what comes before a block, and over blocks that are damaged.
		begin := at + bytes.Index(rest, []byte("-----BEGIN "+block.Type+"-----"))
		line := 1 + bytes.Count(b[:begin], []byte{'\n'})
		rest = after
		if block.Type != "CERTIFICATE" && block.Type != "TRUSTED CERTIFICATE" && block.Type != "X509 CERTIFICATE" {
			continue
		}
		c, err := certificate(block.Bytes)
		if err != nil {
			problems = append(problems, problem{line, err})
		} else {
			c.Source.Line, c.Index = line, index
			all = append(all, c)
		}
		index++
	}
	marks := bytes.Count(b, []byte("-----BEGIN CERTIFICATE-----")) + bytes.Count(b, []byte("-----BEGIN TRUSTED CERTIFICATE-----")) +
		bytes.Count(b, []byte("-----BEGIN X509 CERTIFICATE-----"))
	if marks > index && len(problems) < maxErrors && len(all) < most {
		problems = append(problems, problem{0, fmt.Errorf("%d of %d certificates are damaged", marks-index, marks)})
	}
	return all, problems
}

func certificate(der []byte) (facts.Certificate, error) {
	// OpenSSL's trusted form has its own data behind the certificate.
	c, err := x509.ParseCertificate(first(der))
	if err != nil {
		return facts.Certificate{}, err
	}
	sum := sha256.Sum256(c.Raw)
	f := facts.Certificate{
		Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: c.SerialNumber.Text(16),
		NotBefore: c.NotBefore.UTC().Format(time.RFC3339), NotAfter: c.NotAfter.UTC().Format(time.RFC3339),
		NotAfterDay: int(c.NotAfter.Unix() / day), CA: c.IsCA, SelfSigned: bytes.Equal(c.RawSubject, c.RawIssuer),
		Names: []string{}, Signature: c.SignatureAlgorithm.String(), Key: key(c), SHA256: hex.EncodeToString(sum[:]),
	}
	if c.BasicConstraintsValid && !c.IsCA {
		f.Use = host // wherever it lies
	}
	if len(c.DNSNames)+len(c.IPAddresses) > maxNames {
		return f, errors.New("certificate has more than a thousand names")
	}
	f.Names = append(f.Names, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		f.Names = append(f.Names, ip.String())
	}
	return f, nil
}

// first returns the first DER value of b, or b when that is not to be told.
func first(b []byte) []byte {
	if len(b) < 4 || b[0] != 0x30 || b[1] != 0x82 {
		return b
	}
	return b[:min(len(b), 4+int(b[2])<<8+int(b[3]))]
}

func key(c *x509.Certificate) string {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return c.PublicKeyAlgorithm.String()
}
