package evidence

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

const (
	maxKeyFile = 64 << 10 // bytes
	maxKeys    = 1000     // of a trust list
)

// PrivateKey signs evidence.
type PrivateKey struct{ key ed25519.PrivateKey }

// ReadPrivateKey reads an ed25519 key from PEM, in PKCS #8 (RFC 8410) or as OpenSSH has it, without a passphrase. No error has a byte of
// the key in it.
func ReadPrivateKey(b []byte) (*PrivateKey, error) {
	const want = "want an ed25519 private key in PEM, PKCS #8 or OpenSSH"
	block, rest := pem.Decode(b)
	if block == nil {
		return nil, errors.New("no PEM block, " + want)
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("more than one PEM block, " + want)
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "OPENSSH PRIVATE KEY":
		key, err = ssh.ParseRawPrivateKey(b)
	case "ENCRYPTED PRIVATE KEY":
		return nil, errNoPassphrase
	default:
		return nil, fmt.Errorf("a %s, %s", block.Type, want)
	}
	if missing := (*ssh.PassphraseMissingError)(nil); errors.As(err, &missing) {
		return nil, errNoPassphrase
	}
	if err != nil {
		return nil, errors.New("the key cannot be read, " + want)
	}
	switch k := key.(type) {
	case ed25519.PrivateKey:
		return &PrivateKey{k}, nil
	case *ed25519.PrivateKey:
		return &PrivateKey{*k}, nil
	}
	return nil, errors.New("a key of another algorithm, " + want)
}

var errNoPassphrase = errors.New("the key has a passphrase: store it without one where only the pipeline can read it")

// ID names the key as ssh-keygen -l does: "SHA256:" and the digest of the public key.
func (k *PrivateKey) ID() string {
	public, _ := k.key.Public().(ed25519.PublicKey)
	return keyID(public)
}

func keyID(public ed25519.PublicKey) string {
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return "" // not of an ed25519 key
	}
	return ssh.FingerprintSHA256(key)
}

// Key is a public key that evidence is believed by.
type Key struct {
	ID     string `json:"id"`   // as PrivateKey.ID
	Source string `json:"file"` // that holds it

	public ed25519.PublicKey
}

// Trust reads a trust list: a file of public keys, or the files of a folder whose names end in .pub or .pem. A file holds PEM
// (SubjectPublicKeyInfo) or lines as ssh-keygen writes them to .pub. A list with something else in it, or with nothing, is an error.
func Trust(path string) ([]Key, error) {
	files := []string{path}
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		if files, err = keyFiles(path); err != nil {
			return nil, err
		}
	}
	var all []Key
	for _, name := range files {
		b, err := readFile(name, maxKeyFile)
		if err != nil {
			return nil, err
		}
		keys, err := publicKeys(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, k := range keys {
			all = append(all, Key{keyID(k), name, k})
		}
	}
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("%s: no key, want public ed25519 keys in files .pub or .pem", path)
	case len(all) > maxKeys:
		return nil, fmt.Errorf("%s: %d keys, want at most %d", path, len(all), maxKeys)
	}
	return all, nil
}

func keyFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if slices.Contains([]string{".pub", ".pem"}, filepath.Ext(e.Name())) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files, nil
}

func publicKeys(b []byte) ([]ed25519.PublicKey, error) {
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("-----BEGIN ")) {
		return pemKeys(b)
	}
	var all []ed25519.PublicKey
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := sshKey(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, key)
	}
	return all, nil
}

func pemKeys(b []byte) ([]ed25519.PublicKey, error) {
	var all []ed25519.PublicKey
	for len(bytes.TrimSpace(b)) > 0 {
		block, rest := pem.Decode(b)
		switch {
		case block == nil:
			return nil, errors.New("text that is no PEM block, want public keys and nothing else")
		case strings.Contains(block.Type, "PRIVATE KEY"):
			return nil, errors.New("a private key, want public keys: whoever can read it can sign evidence")
		case block.Type != "PUBLIC KEY":
			return nil, fmt.Errorf("a %s, want public keys", block.Type)
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("a public key that cannot be read: %w", err)
		}
		public, ok := key.(ed25519.PublicKey)
		if !ok {
			return nil, errors.New("a public key of another algorithm, want ed25519")
		}
		all, b = append(all, public), rest
	}
	return all, nil
}

// sshKey reads a line of a .pub file.
func sshKey(line string) (ed25519.PublicKey, error) {
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
	switch {
	case err != nil:
		return nil, errors.New("no public key, want one as ssh-keygen writes it to .pub")
	case len(options) > 0:
		return nil, errors.New("options before the key, which are not followed")
	}
	if k, ok := key.(ssh.CryptoPublicKey); ok {
		if public, ok := k.CryptoPublicKey().(ed25519.PublicKey); ok && key.Type() == ssh.KeyAlgoED25519 {
			return public, nil
		}
	}
	return nil, fmt.Errorf("a key of type %s, want %s", key.Type(), ssh.KeyAlgoED25519)
}

// readFile reads a file of at most limit bytes.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s: more than %d bytes", name, limit)
	}
	return b, nil
}
