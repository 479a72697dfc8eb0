package notify

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const maxSecret = 64 << 10 // bytes of a file

// reference says where a secret is: env:NAME or file:PATH.
type reference string

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// parseReference reads a reference. What is none is not repeated: it may be the secret.
func parseReference(text string) (reference, error) {
	if name, ok := strings.CutPrefix(text, "env:"); ok && variable.MatchString(name) {
		return reference(text), nil
	}
	if path, ok := strings.CutPrefix(text, "file:"); ok && filepath.IsAbs(path) {
		return reference(text), nil
	}
	return "", errors.New("a secret is given by reference, want env:NAME or file:/PATH")
}

// read reads a secret, and remembers it so that no error tells it.
func (d *delivery) read(r reference) (secret string, err error) {
	if name, ok := strings.CutPrefix(string(r), "env:"); ok {
		secret, _ = d.Env(name)
	} else if secret, err = readFile(strings.TrimPrefix(string(r), "file:")); err != nil {
		return "", err
	}
	if secret = strings.TrimRight(secret, "\r\n"); secret == "" {
		return "", fmt.Errorf("%s is empty or not set", r)
	}
	d.secrets = append(d.secrets, secret)
	return secret, nil
}

func readFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSecret))
	return string(b), err
}

// shortest is how long a secret is that is looked for in errors: what is shorter would be found everywhere.
const shortest = 4

// scrub takes the secrets out of a text, also as they are on the wire: a server may say what it was sent.
func (d *delivery) scrub(text string) string {
	for _, s := range d.secrets {
		if len(s) < shortest {
			continue
		}
		for _, as := range []string{s, url.QueryEscape(s), url.PathEscape(s), base64.StdEncoding.EncodeToString([]byte(s))} {
			text = strings.ReplaceAll(text, as, "***")
		}
	}
	return text
}
