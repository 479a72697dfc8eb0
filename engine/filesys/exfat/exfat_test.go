package exfat

import (
	"bytes"
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

// committed are the images of testdata.
var committed = conformance.Committed{Format: Format, Suffix: ".img.zst"}

func openBytes(t testing.TB, b []byte) *FS {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestImagesHoldWhatTheKernelSays(t *testing.T) { committed.Truths(t) }
