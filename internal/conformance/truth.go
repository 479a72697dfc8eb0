package conformance

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Object is one object of a file system, as truth.py prints it. Fields that are empty in the truth are not compared.
type Object struct {
	Path    string            `json:"path"` // from "/"; bytes outside of printable ASCII percent-escaped
	Type    string            `json:"type"` // as filesys.TypeName
	Mode    string            `json:"mode"` // st_mode, six octal digits
	UID     uint32            `json:"uid"`
	GID     uint32            `json:"gid"`
	Links   uint32            `json:"links"`
	Size    *int64            `json:"size"`
	ModTime string            `json:"mtime"` // seconds since 1970, and after a point nine digits of nanoseconds or none
	Target  string            `json:"target"`
	SHA256  string            `json:"sha256"`
	Device  string            `json:"device"` // major:minor
	Xattrs  map[string]string `json:"xattrs"` // values in hexadecimal
}

// ReadTruth reads a file that truth.py wrote, plain or compressed as ReadFile knows.
func ReadTruth(name string) ([]Object, error) {
	b, err := ReadFile(name)
	if err != nil {
		return nil, err
	}
	var objects []Object
	lines := bufio.NewScanner(bytes.NewReader(b))
	for lines.Buffer(nil, len(b)+1); lines.Scan(); {
		var o Object
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", name, len(objects)+1, err)
		}
		if o.Path, err = url.PathUnescape(o.Path); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", name, len(objects)+1, err)
		}
		if o.Target, err = url.PathUnescape(o.Target); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", name, len(objects)+1, err)
		}
		objects = append(objects, o)
	}
	return objects, lines.Err()
}

// ReadFile reads a file of test data whole; names that end in .gz or .zst are uncompressed.
func ReadFile(name string) ([]byte, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	switch {
	case strings.HasSuffix(name, ".gz"):
		r, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return io.ReadAll(r)
	case strings.HasSuffix(name, ".zst"):
		r, err := zstd.NewReader(nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		defer r.Close()
		return r.DecodeAll(b, nil)
	}
	return b, nil
}
