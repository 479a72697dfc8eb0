package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// untouched notes what is in a folder: names, bytes, and times of modification. What comes back fails the test when a file came, went,
// or is not what it was.
func untouched(t *testing.T, dir string) (check func()) {
	t.Helper()
	list := func() map[string]string {
		all := map[string]string{}
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := e.Info()
			if err != nil || !info.Mode().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			all[path] = fmt.Sprintf("%d bytes, modified %v, %x", info.Size(), info.ModTime(), sha256.Sum256(b))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := list()
	return func() {
		t.Helper()
		if d := cmp.Diff(before, list()); d != "" {
			t.Errorf("the folder is not what it was (-before +after)\n%s", d)
		}
	}
}

// execute runs the command line in this process. It returns what a person would see, and the exit code.
func execute(t *testing.T, args ...string) (seen string, code int) {
	t.Helper()
	var out bytes.Buffer
	root := newRootCommand()
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	if err != nil {
		code = fail(&out, err)
	}
	return out.String(), code
}

// backups is a folder with images: two of different machines, and several that are no backup of anything.
func backups(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	source := unzipped(t, "../../testdata/images/bare-ext4.img.gz")
	small, err := os.ReadFile(smallImage)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile("../../testdata/images/rocky9-small.qcow2")
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"source.img": source, "small.qcow2": small, "other.qcow2": other, "byte.img": source[:1], "empty.img": {}, "chain.qcow2": withoutBase(small),
		"short.qcow2": small[:700], "cut.img": source[:len(source)/2+100],
	} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func unzipped(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// withoutBase makes a qcow2 image the overlay of a file that is not there (qcow2.txt: backing_file_offset at 8, backing_file_size at 16).
func withoutBase(img []byte) []byte {
	const at, name = 0x300, "base.qcow2"
	b := slices.Clone(img)
	binary.BigEndian.PutUint64(b[8:], at)
	binary.BigEndian.PutUint32(b[16:], uint32(len(name)))
	copy(b[at:], name)
	return b
}

// TestBadBackups wants a clear word and the right exit code of whatever is no backup, no file left behind, and images as they were. The
// arguments are files of the folder where they have its names.
func TestBadBackups(t *testing.T) {
	if testing.Short() {
		t.Skip("the same code again and again: once without the race detector will do")
	}
	dir, temp := backups(t), t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if seen, code := execute(t, "verify-backup", "--seal", filepath.Join(dir, "source.img")); code != exitOK {
		t.Fatalf("exit code %d: %s", code, seen)
	}
	images := map[string]bool{"nothing.img": true}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		images[e.Name()] = true
	}
	for _, c := range []struct {
		name, args string
		code       int
		seen       string
	}{
		{"one byte", "verify-backup byte.img", exitNotJudged, "1 bytes, want a disk of at least one sector"},
		{"one byte, read", "verify-backup --full byte.img", exitNotJudged, "1 bytes, want a disk of at least one sector"},
		{"one byte, read in shares", "verify-backup --full --budget 1MiB byte.img", exitNotJudged, "1 bytes, want a disk of at least one sector"},
		{"one byte, compared", "verify-backup --compare source.img byte.img", exitNotJudged, "byte.img: 1 bytes, want a disk"},
		{"one byte as the source", "verify-backup --compare byte.img source.img", exitNotJudged, "byte.img: 1 bytes, want a disk"},
		{"one byte, sealed", "verify-backup --seal byte.img", exitNotJudged, "byte.img: seal: 1 bytes, want a disk"},
		{"one byte against a seal", "verify-backup --sealed source.img.seal byte.img", exitFindings, "the disk has 1 bytes, and 12582912 were sealed"},
		{"one byte, booted", "verify-backup --bootable byte.img", exitNotJudged, "no operating system found"},
		{"one byte, held against a state", "drift small.qcow2 byte.img", exitNotJudged, "byte.img: no operating system found"},
		{"one byte as the state", "drift byte.img small.qcow2", exitNotJudged, "byte.img: no operating system found"},

		{"no byte", "verify-backup empty.img", exitNotJudged, "empty.img: is empty"},
		{"no byte, compared", "verify-backup --compare empty.img source.img", exitNotJudged, "empty.img: is empty"},
		{"no byte, sealed", "verify-backup --seal empty.img", exitNotJudged, "empty.img: is empty"},
		{"no file", "verify-backup --full --budget 1MiB nothing.img", exitNotJudged, "no such file"},

		{"no base", "verify-backup chain.qcow2", exitNotJudged, `backing file "base.qcow2": cannot be opened: no such file`},
		{"no base, read in shares", "verify-backup --full --budget 1MiB chain.qcow2", exitNotJudged, `backing file "base.qcow2": cannot be opened: no such file`},
		{"no base, compared", "verify-backup --compare small.qcow2 chain.qcow2", exitNotJudged, `backing file "base.qcow2": cannot be opened: no such file`},
		{"no base of the source", "verify-backup --compare chain.qcow2 small.qcow2", exitNotJudged, `backing file "base.qcow2": cannot be opened: no such file`},
		{"no base, sealed", "verify-backup --seal chain.qcow2", exitNotJudged, `backing file "base.qcow2": cannot be opened: no such file`},
		{"no base, against a seal", "verify-backup --sealed source.img.seal chain.qcow2", exitNotJudged, `backing file "base.qcow2": cannot be opened: no such file`},
		{"no base, booted", "verify-backup --bootable --target kvm chain.qcow2", exitNotJudged, `backing file "base.qcow2": cannot be opened: no such file`},
		{"no base, held against a state", "drift small.qcow2 chain.qcow2", exitNotJudged, `backing file "base.qcow2": cannot be opened: no such file`},
		{"no base of the state", "drift chain.qcow2 small.qcow2", exitNotJudged, `backing file "base.qcow2": cannot be opened: no such file`},

		{"another machine", "verify-backup --compare other.qcow2 source.img", exitNotJudged, "not two images of one machine"},
		{"another machine, the other way", "verify-backup --compare source.img other.qcow2", exitNotJudged, "not two images of one machine"},
		{"the seal of another machine", "verify-backup --sealed source.img.seal other.qcow2", exitFindings, "bytes are not what was sealed"},
		{"another machine than the state is of", "drift small.qcow2 other.qcow2", exitFindings, "FAIL"},

		{"a header that was cut off", "verify-backup --compare small.qcow2 short.qcow2", exitNotJudged, "short.qcow2: "},
		{"a header that was cut off, verified", "verify-backup short.qcow2", exitFindings, "FAIL     backup.container"},
		{"half of a disk", "verify-backup cut.img", exitFindings, "the end of the file system is missing"},
		{"half of a disk, booted", "verify-backup --bootable cut.img", exitFindings, "FAIL"},
		{"half of a disk, compared", "verify-backup --compare source.img cut.img", exitFindings, "FAIL     backup.compare"},
		{"half of a disk against its seal", "verify-backup --sealed source.img.seal cut.img", exitFindings, "and 12582912 were sealed"},
		{"half of a disk, held against a state", "drift small.qcow2 cut.img", exitFindings, "the image ends at 6291556 of 12582912 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			check := untouched(t, dir)
			args := strings.Fields(c.args)
			for i, a := range args {
				if images[a] {
					args[i] = filepath.Join(dir, a)
				}
			}
			seen, code := execute(t, args...)
			if code != c.code || !strings.Contains(seen, c.seen) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, c.code, c.seen, seen)
			}
			check()
			if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
				t.Errorf("left %v, %v", left, err)
			}
		})
	}
}

// endless writes a qcow2 image of 2 TiB of which every byte is data, in four clusters: all entries of its L1 table are of one L2 table,
// and all of that are of one cluster.
func endless(t *testing.T, path string) {
	t.Helper()
	const k64, l1 = 64 << 10, 4096
	b := make([]byte, 4*k64)
	copy(b, "QFI\xfb\x00\x00\x00\x02")
	be := binary.BigEndian
	be.PutUint32(b[20:], 16)           // cluster_bits
	be.PutUint64(b[24:], l1*k64/8*k64) // size
	be.PutUint32(b[36:], l1)           // l1_size
	be.PutUint64(b[40:], k64)          // l1_table_offset
	be.PutUint64(b[48:], k64+k64/2)
	be.PutUint32(b[56:], 1)
	for i := range l1 {
		be.PutUint64(b[k64+8*i:], 2*k64|1<<63)
	}
	for i := range k64 / 8 {
		be.PutUint64(b[2*k64+8*i:], 3*k64|1<<63)
	}
	for i := range k64 {
		b[3*k64+i] = byte(i*7 + i>>8)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
