package evidence

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func private(t testing.TB, name string) *PrivateKey {
	t.Helper()
	k, err := ReadPrivateKey(fixture(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// otherKeys are keys of another algorithm in PKCS #8, and a key of OpenSSH with a passphrase.
func otherKeys(t *testing.T) (ecPrivate, ecPublic, passphrase []byte) {
	t.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(ec.Public())
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(crypto.PrivateKey(ed), "", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	return block("PRIVATE KEY", der), block("PUBLIC KEY", public), pem.EncodeToMemory(locked)
}

// TestKeysAreThoseOfTheToolsThatMadeThem has a fingerprint that ssh-keygen told.
func TestKeysAreThoseOfTheToolsThatMadeThem(t *testing.T) {
	if got, want := private(t, "ssh.key").ID(), strings.TrimSpace(string(fixture(t, "ssh.fingerprint"))); got != want {
		t.Errorf("fingerprint %s, want %s", got, want)
	}
	for key, public := range map[string]string{"openssl.key": "openssl.pem", "ssh.key": "ssh.pub"} {
		trusted, err := Trust(filepath.Join("testdata", public))
		if err != nil {
			t.Fatal(err)
		}
		if len(trusted) != 1 || trusted[0].ID != private(t, key).ID() || trusted[0].Source != filepath.Join("testdata", public) {
			t.Errorf("%s: %+v, want the public key of %s", public, trusted, key)
		}
	}
	all, err := Trust("testdata")
	if err != nil || len(all) != 2 {
		t.Errorf("the folder has %d keys, %v, want 2", len(all), err)
	}
}

func TestPrivateKeysThatAreRefused(t *testing.T) {
	ec, _, passphrase := otherKeys(t)
	key := fixture(t, "openssl.key")
	for name, c := range map[string]struct {
		text []byte
		want string
	}{
		"nothing":             {nil, "no PEM block"},
		"no PEM":              {[]byte("hunter2"), "no PEM block"},
		"two keys":            {bytes.Repeat(key, 2), "more than one PEM block"},
		"a public key":        {fixture(t, "openssl.pem"), "a PUBLIC KEY, want"},
		"another algorithm":   {ec, "a key of another algorithm"},
		"a passphrase":        {passphrase, "has a passphrase"},
		"PKCS #8, passphrase": {[]byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"), "has a passphrase"},
		"damaged":             {[]byte("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"), "cannot be read"},
	} {
		_, err := ReadPrivateKey(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "c2Vj") || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: the error tells the key: %v", name, err)
		}
	}
}

func TestTrustListsThatAreRefused(t *testing.T) {
	_, ec, _ := otherKeys(t)
	pub, public := fixture(t, "ssh.pub"), fixture(t, "openssl.pem")
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                 {"", "no key"},
		"comments":                {"# none yet\n\n", "no key"},
		"a private key":           {string(fixture(t, "openssl.key")), "a private key, want public keys"},
		"a private key behind":    {string(public) + string(fixture(t, "openssl.key")), "a private key, want public keys"},
		"a private key of ssh":    {string(fixture(t, "ssh.key")), "a private key, want public keys"},
		"a certificate":           {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "a CERTIFICATE, want public keys"},
		"another algorithm":       {string(ec), "another algorithm"},
		"a key that is cut":       {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "cannot be read"},
		"text between keys":       {string(public) + "this one is fine, too\n", "no PEM block"},
		"a line that is no key":   {string(pub) + "ssh-ed25519 AAAA\n", "line 2: no public key"},
		"a key with options":      {`from="10.0.0.1" ` + string(pub), "line 1: options"},
		"a certificate authority": {"cert-authority " + string(pub), "line 1: options"},
		"evidence":                {`{"payloadType": "x"}`, "line 1: no public key"},
		"too large":               {strings.Repeat("#\n", 40<<10), "more than"},
	} {
		path := filepath.Join(t.TempDir(), "key.pub")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if keys, err := Trust(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %d keys, %v, want %q", name, len(keys), err, c.want)
		}
	}
	if _, err := Trust(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a list that is not there is no error")
	}
	if _, err := Trust(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no key") {
		t.Errorf("an empty folder: %v", err)
	}
}
