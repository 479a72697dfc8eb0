package iso9660

import (
	"bytes"
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

// committed are the images of testdata.
var committed = conformance.Committed{Format: Format, Suffix: ".iso.zst"}

func openBytes(t testing.TB, b []byte) *FS {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestImagesHoldTheTreesTheyWereMadeFrom(t *testing.T) { committed.Truths(t) }
