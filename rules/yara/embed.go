// Package yararules is data: the built-in rules of YARA, one file for each topic and class of files.
//
// The program holds them compressed, so that neither it nor its package is found by other scanners, or by these rules.
package yararules

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"io"
)

// archive is a tar file of the rules, compressed by gzip. A test writes it.
//
//go:embed rules.tar.gz
var archive []byte

// maxSource is how many bytes a file of rules may have.
const maxSource = 1 << 20

// Sources returns the files of rules by their names.
func Sources() (map[string]string, error) {
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, fmt.Errorf("built-in rules: %w", err)
	}
	sources := map[string]string{}
	files := tar.NewReader(z)
	for {
		file, err := files.Next()
		if errors.Is(err, io.EOF) {
			return sources, nil
		}
		if err != nil {
			return nil, fmt.Errorf("built-in rules: %w", err)
		}
		content, err := io.ReadAll(io.LimitReader(files, maxSource))
		if err != nil {
			return nil, fmt.Errorf("built-in rules: %s: %w", file.Name, err)
		}
		sources[file.Name] = string(content)
	}
}
