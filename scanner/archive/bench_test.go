package archive

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// BenchmarkWalk opens what images have most of: compressed pages of manuals, packages and web applications. Bytes are those unpacked.
func BenchmarkWalk(b *testing.B) {
	var files []file
	for i := range 100 {
		var page strings.Builder
		for line := range 300 {
			fmt.Fprintf(&page, ".TP\n.B \\-\\-option%d\nLine %d of the page that says what option %d of program %d does.\n", line, line*i, line, i)
		}
		files = append(files, file{fmt.Sprintf("share/man/man1/page%d.1", i), page.String()})
	}
	all := tarOf(b, files...)
	for name, content := range map[string][]byte{
		"page.gz": gz(b, []byte(files[7].content)), "tar": all, "tar.gz": gz(b, all), "tar.zst": packed(b, all, zstdWriter), "tar.xz": packed(b, all, xzWriter), "zip": zipOf(b, files...),
	} {
		b.Run(name, func(b *testing.B) {
			var n int64
			v := Visitor{Member: func(m Member) error {
				read, err := io.Copy(io.Discard, m)
				n += read
				return err
			}}
			b.ReportAllocs()
			for b.Loop() {
				n = 0
				if err := Walk(content, NewBudget(context.Background(), int64(len(content)), generous()), v); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(n)
		})
	}
}

func packed(b *testing.B, content []byte, open func(w io.Writer) (io.WriteCloser, error)) []byte {
	b.Helper()
	var out bytes.Buffer
	w, err := open(&out)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

func zstdWriter(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }

func xzWriter(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }

// BenchmarkAttached looks at the end of a program that has no archive there, as is done for every file.
func BenchmarkAttached(b *testing.B) {
	content := bytes.Repeat([]byte("PK a program "), 1<<16)
	b.ReportAllocs()
	for b.Loop() {
		if Is(content) || Attached(content) {
			b.Fatal("it is an archive")
		}
	}
}
