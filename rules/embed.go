// Package rules is data: the built-in checks in Rego, one file each with its test beside it.
package rules

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
)

// Rego has the checks and the library they share, below "rego".
//
//go:embed rego
var Rego embed.FS

// Index has the metadata of every check, so that a check is known without reading its Rego: see policy/rego. A test writes it.
//
//go:embed index.json
var Index []byte

// Digest is the SHA-256 of everything in Rego, each file with its path and length before it, in hexadecimal digits.
func Digest() string {
	sum := sha256.New()
	// An embedded folder can always be read.
	_ = fs.WalkDir(Rego, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := Rego.ReadFile(path)
		sum.Write(fmt.Appendf(nil, "%s %d\n", path, len(b)))
		sum.Write(b)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil))
}
