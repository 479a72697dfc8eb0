package ntfs

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// TestWhatWasNeverWrittenIsZeros shortens the valid part of a file: what its clusters hold behind that is somebody else's.
func TestWhatWasNeverWrittenIsZeros(t *testing.T) {
	const size, valid = 100_001, 1000
	whole := image(t, "default")
	f := openBytes(t, whole)
	n, err := f.Lookup(f.Root(), "plain")
	if err != nil {
		t.Fatal(err)
	}
	sizes, err := hex.DecodeString("a186010000000000" + "a186010000000000") // of the content, and of its valid part
	if err != nil {
		t.Fatal(err)
	}
	copy(whole[attributeAt(t, f, whole, int64(n), sizes)+8:], []byte{valid & 0xff, valid >> 8, 0})
	file, err := openBytes(t, whole).Open(n)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if got, err := file.ReadAt(b, 0); got != size || err != nil {
		t.Fatalf("%d bytes, %v, want %d", got, err, size)
	}
	if !bytes.Equal(b[valid:], make([]byte, size-valid)) || bytes.Equal(b[:valid], make([]byte, valid)) {
		t.Error("the valid part is not what is read")
	}
}
