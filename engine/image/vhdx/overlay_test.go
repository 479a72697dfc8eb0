package vhdx

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
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
			if inside := min(n, len(want)-off); k != inside || errors.Is(err, io.EOF) != (inside < n) || !bytes.Equal(got[:k], want[off:off+k]) {
				t.Fatalf("seed %d: read of %d bytes at %d gives %d, %v, and differs", seed, n, off, k, err)
			}
		}
	}
}

// TestOnlyTheNewestSequenceIsReplayed has entries that were written to their places long ago, before and behind those that were not.
func TestOnlyTheNewestSequenceIsReplayed(t *testing.T) {
	table := make([]byte, logSector)
	le.PutUint64(table, blockAt|6)
	ruin := write{off: metaAt, n: mib}
	for name, log := range map[string]change{
		"the tail says which are done": logged(logEntryBytes(1, 0, ruin), logEntryBytes(2, logSector, write{off: batAt, data: table})),
		"an older one behind":          logged(logEntryBytes(5, 0, write{off: batAt, data: table}), logEntryBytes(3, 2*logSector, ruin)),
		"one of another log behind": all(logged(logEntryBytes(5, 0, write{off: batAt, data: table}), logEntryBytes(6, 0, ruin)), func(b []byte) {
			copy(b[logAt+2*logSector+32:], "another log's...")
			seal(b, logAt+2*logSector, logSector)
		}),
	} {
		img, err := conformance.Open(Format, patched(log), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := make([]byte, 2)
		if _, err := img.ReadAt(got, mib-1); err != nil || string(got) != "d\x00" {
			t.Errorf("%s: the bytes around the end of the first block are %q, %v, want that it is there and the second is not", name, got, err)
		}
	}
}
