package luks

import (
	"bytes"
	"crypto/aes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/crypto/xts"
)

// TestXTSIsAsOthersHaveIt holds both ways against golang.org/x/crypto/xts.
func TestXTSIsAsOthersHaveIt(t *testing.T) {
	random := rand.NewChaCha8([32]byte{1})
	spec := cipherSpec{algorithm: "aes", mode: "xts", iv: "plain64"}
	for _, keySize := range []int{32, 48, 64} {
		key := make([]byte, keySize)
		_, _ = random.Read(key)
		other, err := xts.NewCipher(aes.NewCipher, key)
		if err != nil {
			t.Fatal(err)
		}
		chosen, err := spec.openXTS(key)
		if err != nil {
			t.Fatal(err)
		}
		slow, err := spec.openSlowXTS(key[:keySize/2], key[keySize/2:])
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{512, 1024, 2048, 4096} {
			for _, n := range []int{1, 7, 8, 63, 64, 65, 130} {
				const first = 1<<32 - 9 // over the end of 32 bits
				b := make([]byte, n*size)
				_, _ = random.Read(b)
				want := bytes.Clone(b)
				for i := range n {
					s := want[i*size : (i+1)*size]
					other.Decrypt(s, s, first+uint64(i*size/512))
				}
				for name, c := range map[string]sectors{fmt.Sprintf("%T", chosen): chosen, "slow": slow} {
					got := bytes.Clone(b)
					if c.decrypt(got, size, first); !bytes.Equal(got, want) {
						t.Errorf("%s with keys of %d bytes differs in %d sectors of %d bytes", name, keySize, n, size)
					}
				}
			}
		}
	}
}

// TestPlainHas32Bits reads a sector behind the first 2^32, where plain begins anew and plain64 goes on.
func TestPlainHas32Bits(t *testing.T) {
	key := make([]byte, 32)
	for mode, same := range map[string]bool{"aes-xts-plain": true, "aes-xts-plain64": false, "aes-cbc-plain": true, "aes-cbc-plain64": false} {
		spec, err := parseCipher(mode, len(key))
		if err != nil {
			t.Fatal(err)
		}
		c, err := spec.open(key)
		if err != nil {
			t.Fatal(err)
		}
		a, b := make([]byte, 512), make([]byte, 512)
		c.decrypt(a, 512, 5)
		c.decrypt(b, 512, 1<<32+5)
		if bytes.Equal(a, b) != same {
			t.Errorf("%s: sectors 5 and 2^32+5 are the same: %v, want %v", mode, !same, same)
		}
	}
}

// BenchmarkRead reads a volume in pieces of 128 KiB, for comparison with openssl speed -evp aes-256-xts -decrypt: what it reports counts
// processor time, as openssl does.
func BenchmarkRead(b *testing.B) {
	spec := cipherSpec{algorithm: "aes", mode: "xts", iv: "plain64"}
	disk := volumeOf(make([]byte, 1<<20))
	for _, size := range []int64{512, 4096} {
		b.Run(strconv.FormatInt(size, 10), func(b *testing.B) {
			r, err := newPlain(disk, payload{size: -1, sector: size, cipher: spec}, make([]byte, 64))
			if err != nil {
				b.Fatal(err)
			}
			buf := make([]byte, 128<<10)
			n, before := 0, processorTime(b)
			for b.Loop() {
				if _, err := r.ReadAt(buf, int64(n%8)*int64(len(buf))); err != nil {
					b.Fatal(err)
				}
				n++
			}
			b.ReportMetric(float64(n)*float64(len(buf))/float64(processorTime(b)-before)*1e3, "MB/cpu-s")
		})
	}
}

// processorTime is what this process used so far, in nanoseconds.
func processorTime(b *testing.B) int64 {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return r.Utime.Nano() + r.Stime.Nano()
}
