package ntfs

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
)

// TestReparsePoints has buffers as [MS-FSCC] 2.1.2 lays them out: tag, length, reserved, and for links the places of the two names.
func TestReparsePoints(t *testing.T) {
	for name, c := range map[string]struct {
		data   string // hexadecimal
		target string
		link   bool
		err    error
	}{
		"junction":         {"030000a0 1400 0000 0000 0400 0600 0200 4300 3a00 0000 4400 0000", "C:", true, nil},
		"symbolic link":    {"0c0000a0 1400 0000 0200 0400 0000 0200 00000000 7000 4300 3a00", "C:", true, nil},
		"relative one":     {"0c0000a0 1600 0000 0000 0600 0000 0600 01000000 6100 5c00 6200", "a/b", true, nil},
		"of WSL":           {"1d0000a0 0600 0000 02000000 6162", "ab", true, nil},
		"compressed (WOF)": {"17000080 0400 0000 01000000", "", false, nil},
		"names outside":    {"030000a0 0a00 0000 0000 4000 0000 0000 4300", "", false, binread.ErrCorrupt},
		"no target":        {"030000a0 0800 0000 0000 0000 0000 0000", "", false, binread.ErrCorrupt},
		"cut short":        {"0300", "", false, binread.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := hex.DecodeString(strings.ReplaceAll(c.data, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			of := &node{record: &record{}, attrs: []attribute{{kind: typeReparse, resident: true, value: raw}}}
			f := &FS{}
			got, err := f.reparse(of)
			if !errors.Is(err, c.err) || (err != nil) != (c.err != nil) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err == nil && (got.isLink() != c.link || got.target != c.target) {
				t.Errorf("link %v to %q, want %v to %q", got.isLink(), got.target, c.link, c.target)
			}
			if _, err := f.openNode(of); err == nil {
				t.Error("it has content, want an error")
			}
		})
	}
}
