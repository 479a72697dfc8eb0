package raw_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/engine/image/raw"
)

// holey is a reader of which the second half is a hole.
type holey struct{ *bytes.Reader }

func (h holey) Extent(off, n int64) (image.Extent, error) {
	half := h.Size() / 2
	n = image.Clip(h.Size(), off, n)
	if off < half {
		return image.Extent{Off: off, Len: min(n, half-off)}, nil
	}
	return image.Extent{Off: off, Len: n, Zero: true}, nil
}

// FuzzReadAt wants every read to be that of the bytes below, with or without known holes.
func FuzzReadAt(f *testing.F) {
	f.Add([]byte("boot sector"), int64(3), 4)
	f.Add([]byte{}, int64(0), 1)
	f.Add(bytes.Repeat([]byte("x"), 4096), int64(4000), 200)
	f.Add([]byte("x"), int64(-1), 1)
	f.Add([]byte("x"), int64(1)<<62, 1)
	f.Fuzz(func(t *testing.T, data []byte, off int64, n int) {
		if n < 0 || n > 1<<20 {
			return
		}
		clear(data[len(data)/2:])
		for name, r := range map[string]io.ReaderAt{"plain": bytes.NewReader(data), "with holes": holey{bytes.NewReader(data)}} {
			img, err := raw.Format.Open(r, int64(len(data)), image.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want, got := make([]byte, n), bytes.Repeat([]byte{0xaa}, n)
			wantN, wantErr := bytes.NewReader(data).ReadAt(want, off)
			gotN, gotErr := img.ReadAt(got, off)
			if gotN != wantN || !bytes.Equal(got[:gotN], want[:wantN]) || errors.Is(gotErr, io.EOF) != errors.Is(wantErr, io.EOF) && n > 0 {
				t.Errorf("%s: %d bytes at %d of %d: %d, %v; want %d, %v", name, n, off, len(data), gotN, gotErr, wantN, wantErr)
			}
		}
	})
}
