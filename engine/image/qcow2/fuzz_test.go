package qcow2

import (
	"bytes"
	"testing"

	"github.com/guestctl/guestctl/engine/image"
)

// FuzzOpen reads what it can of an image and its snapshots, and holds different ways to read against one another.
func FuzzOpen(f *testing.F) {
	f.Add(valid())
	for _, c := range hostile {
		f.Add(c.patch(valid()))
	}
	f.Add(snapshots()(valid()))
	f.Add(patches(set(l2Place, 8, compress|dataAt), setBytes(dataAt, deflated(make([]byte, k64))))(valid()))
	f.Add(patches(zstdType, set(l2Place, 8, compress|dataAt), setBytes(dataAt, zstdFrame(make([]byte, k64))))(valid()))
	f.Add(extended(1<<40 | 0xff)(valid()))
	f.Add(unpack(f, "c512.qcow2"))
	base := func(string, string) (image.Image, error) {
		return rawImage{bytes.NewReader(bytes.Repeat([]byte("base"), 1000))}, nil
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, snapshot := range []string{"", "1"} {
			img, err := openBytes(b, image.Options{Sibling: base, Snapshot: snapshot})
			if err != nil {
				continue
			}
			for _, off := range []int64{0, img.Size() / 2, img.Size() - 70000} {
				checkPart(t, img, max(0, off))
			}
		}
	})
}

// checkPart reads 256 KiB at off in one piece and in small ones, and compares them with each other and with the extents.
func checkPart(t *testing.T, img image.Image, off int64) {
	whole := make([]byte, image.Clip(img.Size(), off, 256<<10))
	n, err := img.ReadAt(whole, off)
	if n < len(whole) && err == nil {
		t.Fatalf("read of %d bytes at %#x gives %d and no error", len(whole), off, n)
	}
	part := make([]byte, 5000)
	for i := 0; i < n; i += len(part) {
		part = part[:min(len(part), n-i)]
		if got, err := img.ReadAt(part, off+int64(i)); got < len(part) || !bytes.Equal(part, whole[i:i+got]) {
			t.Fatalf("read of %d bytes at %#x gives %d, %v, and differs from a longer read", len(part), off+int64(i), got, err)
		}
	}
	for i := int64(0); i < int64(n); {
		e, err := image.ExtentOf(img, off+i, int64(n)-i)
		if err != nil || e.Len <= 0 || e.Len > int64(n)-i {
			t.Fatalf("extent at %#x of %d bytes is %+v, %v", off+i, int64(n)-i, e, err)
		}
		if b := whole[i : i+e.Len]; e.Zero && bytes.Count(b, []byte{0}) != len(b) {
			t.Fatalf("extent %+v is said to be zero and is not", e)
		}
		i += e.Len
	}
}
