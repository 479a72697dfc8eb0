package factstest

import (
	"os"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// Unpack returns the content of a file that is compressed with zstd.
func Unpack(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if b, err = d.DecodeAll(b, nil); err != nil {
		t.Fatal(err)
	}
	return string(b)
}
