package binread

import (
	"bytes"
	"io"
)

// Probe tells whether the bytes of r, of the given size, are of one format. It looks at magic numbers only: "no" is never
// an error, and damage behind a magic number is the format's own to report. The error is a read that failed.
type Probe func(r io.ReaderAt, size int64) (bool, error)

// Magic returns a probe for the given bytes at off; a negative off counts from the end.
func Magic(off int64, magic string) Probe {
	return func(r io.ReaderAt, size int64) (bool, error) {
		at := off
		if off < 0 {
			at = size + off
		}
		if at < 0 || size < int64(len(magic)) || at > size-int64(len(magic)) {
			return false, nil
		}
		b := make([]byte, len(magic))
		// The bytes are there, or ought to be: a container that cannot give them is damaged, and that is no "no".
		if err := Fill(r, b, at); err != nil {
			return false, err
		}
		return bytes.Equal(b, []byte(magic)), nil
	}
}

// AnyOf returns a probe that answers yes when one of the probes does.
func AnyOf(probes ...Probe) Probe {
	return func(r io.ReaderAt, size int64) (bool, error) {
		for _, p := range probes {
			if ok, err := p(r, size); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}
}
