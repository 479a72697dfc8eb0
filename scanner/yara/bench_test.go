//go:build linux && cgo && !noyara

package yara

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// manyRules are n rules of the kind that people write.
func manyRules(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `rule r%d { strings: $a = "malware-string-%d" $b = { 7f 45 4c 46 %02x %02x [2-6] 00 ff } $c = /evil%d[a-f]{3,9}/
			condition: filesize < 10MB and (2 of them or $a at %d) }
`, i, i, i%251, i*7%253, i, i)
	}
	return b.String()
}

// BenchmarkScan is the cost of one file, in the program that asks: the worker's is beside it, and close to libyara's own.
func BenchmarkScan(b *testing.B) {
	for _, rules := range []int{1, 50, 1000} {
		e := load(b, builtin(manyRules(rules)))
		for _, size := range []int{16, 4 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("%d rules/%d bytes", rules, size), func(b *testing.B) {
				s := open(b, e)
				random := rand.NewChaCha8([32]byte{})
				content := make([]byte, size)
				_, _ = random.Read(content)
				o := s.object(b, "/usr/bin/x", string(content))
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := s.Scan(b.Context(), o); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
