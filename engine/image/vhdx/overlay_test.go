package vhdx

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
)

// TestTheOverlayIsTheFileAfterItsUpdates puts random updates over a file, and does the same to a copy.
func TestTheOverlayIsTheFileAfterItsUpdates(t *testing.T) {
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		base := bytes.Repeat([]byte("base"), 2500)
		want := append(bytes.Clone(base), make([]byte, 5000)...)
		o := &overlay{file: file{bytes.NewReader(base), int64(len(base))}, size: int64(len(want))}
		for i := range rnd.IntN(30) {
			p := patch{off: rnd.Int64N(14_000), n: rnd.Int64N(1000)}
			if rnd.IntN(3) > 0 {
				p.b = bytes.Repeat([]byte{byte(i + 1)}, int(p.n))
				copy(want[p.off:], p.b)
			} else {
				clear(want[p.off : p.off+p.n])
			}
			o.put(p)
		}
		for i := 1; i < len(o.patches); i++ {
			if o.patches[i].off < o.patches[i-1].end() {
				t.Fatalf("seed %d: patches %d and %d lie over one another", seed, i-1, i)
			}
		}
		if got, err := io.ReadAll(io.NewSectionReader(o, 0, 1<<20)); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("seed %d: content differs, or %v", seed, err)
		}
		for range 50 {
			off, n := rnd.IntN(len(want)), rnd.IntN(3000)
			got := bytes.Repeat([]byte{0xa5}, n)
			k, err := o.ReadAt(got, int64(off))
			if inside := min(n, len(want)-off); k != inside || (err == io.EOF) != (inside < n) || !bytes.Equal(got[:k], want[off:off+k]) {
				t.Fatalf("seed %d: read of %d bytes at %d gives %d, %v, and differs", seed, n, off, k, err)
			}
		}
	}
}
