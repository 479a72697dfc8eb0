package ntfs

import (
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

// crowded is an image with a directory of 50,000 files.
func crowded(t testing.TB) []byte {
	t.Helper()
	b, err := conformance.ReadFile("testdata/crowd.img.zst")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestADirectoryOf50000Files(t *testing.T) { conformance.Crowd(t, Format, crowded(t)) }

func BenchmarkCrowd(b *testing.B) { conformance.BenchCrowd(b, Format, crowded(b)) }
