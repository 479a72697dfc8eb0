package rego

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
)

// keys makes a pair of keys and returns the paths of their PEM files.
func keys(t *testing.T, name string) (private, public string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := write(t, map[string]string{
		name + ".key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		name + ".pem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub})),
	})
	return filepath.Join(dir, name+".key"), filepath.Join(dir, name+".pem")
}

// bundled writes a bundle with one policy, signed when there is a key, and returns its path.
func bundled(t *testing.T, signWith string) string {
	t.Helper()
	text := []byte("package main\n\ndeny contains \"old\" if input.sshd.version == \"9.2\"\n")
	b := bundle.Bundle{
		Manifest: bundle.Manifest{Revision: "1"}, Data: map[string]any{},
		Modules: []bundle.ModuleFile{{URL: "/a.rego", Path: "/a.rego", Raw: text, Parsed: ast.MustParseModule(string(text))}},
	}
	b.Manifest.Init()
	if signWith != "" {
		if err := b.GenerateSignature(bundle.NewSigningConfig(signWith, "ES256", ""), "policy", false); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := bundle.Write(&out, b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "b.tar.gz")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBundles holds what is accepted of bundles: a signature counts only when somebody looks at it.
func TestBundles(t *testing.T) {
	private, public := keys(t, "ours")
	_, other := keys(t, "theirs")
	signed, plain := bundled(t, private), bundled(t, "")
	damaged := filepath.Join(t.TempDir(), "damaged.tar.gz")
	b, err := os.ReadFile(signed)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(damaged, b[:len(b)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	folder := write(t, map[string]string{"a.rego": "package main\n\ndeny contains \"x\"\n"})
	noKey := filepath.Join(write(t, map[string]string{"k.pem": "no key"}), "k.pem")
	for _, c := range []struct{ name, path, key, want string }{
		{"unsigned", plain, "", ""},
		{"signed, with its key", signed, public, ""},
		{"signed, with another key", signed, other, "Failed to verify"},
		{"signed, without a key", signed, "", "it is signed: name the key that verifies it with --policy-key"},
		{"unsigned, with a key", plain, public, "sign"},
		{"damaged", damaged, "", "unexpected EOF"},
		{"a folder, with a key", folder, public, "sign"},
		{"the private key", signed, private, "PRIVATE KEY is no public key, want PUBLIC KEY or CERTIFICATE"},
		{"a key that is none", signed, noKey, "no PEM block, want the public key or certificate that verifies a bundle"},
		{"a key that is not there", signed, noKey + "x", "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Load([]string{c.path}, c.key)
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want == "":
				if len(p.Checks) != 1 || p.Checks[0].ID != "main/deny" || p.Checks[0].Position.File != c.path+"/a.rego" {
					t.Errorf("checks %v", p.Checks)
				}
			case err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(c.want)):
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
