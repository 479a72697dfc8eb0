package hive_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/hive"
	"github.com/guestctl/guestctl/internal/hivetest"
)

// large is a hive of about 60 MB, as SOFTWARE has them: 150,000 keys.
func large(b *testing.B) string {
	b.Helper()
	root := &hivetest.Key{Name: "ROOT"}
	for i := range 300 {
		vendor := &hivetest.Key{Name: fmt.Sprintf("Vendor %03d", i)}
		for j := range 500 {
			vendor.Keys = append(vendor.Keys, &hivetest.Key{Name: fmt.Sprintf("{%08x-0000-4000-8000-%012x}", i, j), Values: []hivetest.Value{
				{Name: "InstallLocation", Type: 1, Data: hivetest.UTF16(strings.Repeat("C:\\Program Files\\", 5) + "\x00")},
				{Name: "Version", Type: 4, Data: []byte{1, 2, 3, 4}},
			}})
		}
		root.Keys = append(root.Keys, vendor)
	}
	path := filepath.Join(b.TempDir(), "SOFTWARE")
	if err := os.WriteFile(path, root.Hive(), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func BenchmarkOpenAndLookUp(b *testing.B) {
	path := large(b)
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/1e6, "MB")
	b.ReportAllocs()
	for b.Loop() {
		h, err := hive.Open(f, info.Size())
		if err != nil {
			b.Fatal(err)
		}
		for _, i := range []int{0, 150, 299} {
			k, err := h.Key(fmt.Sprintf(`Vendor %03d\{%08x-0000-4000-8000-0000000001f3}`, i, i))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := k.Value("InstallLocation"); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkReadAll(b *testing.B) {
	all := unpack(b, "built.hive")
	b.SetBytes(int64(len(all)))
	for b.Loop() {
		h, err := hive.Open(bytes.NewReader(all), int64(len(all)))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := dump(h); err != nil {
			b.Fatal(err)
		}
	}
}
