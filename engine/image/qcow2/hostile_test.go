package qcow2

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

var hostile = []struct {
	name  string
	patch patch
	kind  error
	text  string
}{
	{"empty file", cut(0), binread.ErrCorrupt, "file has 0 bytes"},
	{"file of the magic number", cut(4), binread.ErrCorrupt, "file has 4 bytes"},
	{"header cut", cut(90), binread.ErrCorrupt, "header"},
	{"L1 table cut off", cut(l1Place), binread.ErrCorrupt, "L1 table"},
	{"version 1", set(4, 4, 1), binread.ErrUnsupported, "version 1"},
	{"version 4", set(4, 4, 4), binread.ErrUnsupported, "version 4"},
	{"cluster bits 62", set(20, 4, 62), binread.ErrCorrupt, "cluster bits 62"},
	{"cluster bits 22", set(20, 4, 22), binread.ErrCorrupt, "cluster bits 22"},
	{"cluster bits 8", set(20, 4, 8), binread.ErrCorrupt, "cluster bits 8"},
	{"virtual size over 2^63", set(24, 8, 1<<63), binread.ErrCorrupt, "virtual size 0x8000000000000000"},
	{"virtual size of 2^63-1", set(24, 8, 1<<63-1), binread.ErrCorrupt, "want 17179869184 for"},
	{"virtual size beyond the L1 table", set(24, 8, 1<<40), binread.ErrCorrupt, "L1 table of 1 entries, want 2048"},
	{"L1 table of 4 GiB", set(36, 4, 1<<29), binread.ErrLimit, "L1 table of 536870912 entries"},
	{"L1 table longer than the file", set(36, 4, 1<<20), binread.ErrCorrupt, "L1 table of 1048576 entries at 0x10000"},
	{"L1 table not aligned", set(40, 8, l1Place+8), binread.ErrCorrupt, "L1 table at 0x10008"},
	{"L1 table beyond the file", set(40, 8, 1<<40), binread.ErrCorrupt, "L1 table of 1 entries at 0x10000000000"},
	{"L1 table at a negative offset", set(40, 8, 1<<63), binread.ErrCorrupt, "L1 table at -0x8000000000000000"},
	{"L1 table at 0", set(40, 8, 0), binread.ErrCorrupt, "L1 table at 0x0"},
	{"encryption of an unknown kind", set(32, 4, 3), binread.ErrUnsupported, "encryption method 3"},
	{"encryption with LUKS", set(32, 4, 2), binread.ErrEncrypted, "(LUKS)"},
	{"reference counts of 128 bits", set(96, 4, 7), binread.ErrCorrupt, "refcount order 7"},
	{"header length too small", set(100, 4, 96), binread.ErrCorrupt, "header length 96"},
	{"header length odd", set(100, 4, 107), binread.ErrCorrupt, "header length 107"},
	{"header longer than a cluster", set(100, 4, 1<<31), binread.ErrCorrupt, "header length 2147483648"},
	{"backing name of 1024 bytes", backingName(strings.Repeat("a", 1024)), binread.ErrCorrupt, "name of 1024 bytes"},
	{"backing name of 4 GiB", patches(backingName("a"), set(16, 4, 1<<32-1)), binread.ErrCorrupt, "name of 4294967295 bytes"},
	{"backing name over the header", patches(backingName("a"), set(8, 8, 50)), binread.ErrCorrupt, "name of 1 bytes at 0x32"},
	{"backing name past the cluster", patches(backingName("aa"), set(8, 8, k64-1)), binread.ErrCorrupt, "at 0xffff"},
	{"backing name at a huge offset", patches(backingName("a"), set(8, 8, 1<<63)), binread.ErrCorrupt, "at 0x8000000000000000"},
	{"backing file of the host", backingName("/etc/passwd"), binread.ErrRefused, `"/etc/passwd"`},
	{"backing file above", backingName("../../etc/passwd"), binread.ErrRefused, `"../../etc/passwd"`},
	{"backing file with options", backingName(`json:{"file":"x"}`), binread.ErrRefused, `"json:"`},
	{"backing file over the network", backingName("nbd://host/disk"), binread.ErrRefused, `"nbd:"`},
	{"backing file as a URL", backingName("file:///etc/passwd"), binread.ErrRefused, `"file:"`},
	{"extension longer than the cluster", extension(1, 1<<32-1, ""), binread.ErrCorrupt, "at 0x70: 4294967295 bytes"},
	{"extension over the backing name", patches(backingName("a"), extension(1, 400, "")), binread.ErrCorrupt, "400 bytes"},
	{"format name too long", extension(extensionBackingFormat, 65, ""), binread.ErrCorrupt, "format name of 65 bytes"},
	{"data file name too long", extension(extensionDataFile, 5000, ""), binread.ErrCorrupt, "name of 5000 bytes"},
	{"unknown feature", set(72, 8, 1<<63|1<<9), binread.ErrUnsupported, "incompatible features bit 9, bit 63"},
	{
		"unknown feature with a name",
		patches(set(72, 8, 1<<5), extension(extensionFeatureNames, 48, "\x00\x05\x1b[31mwarp drive")),
		binread.ErrUnsupported, `bit 5 ("\x1b[31mwarp drive")`,
	},
	{"compression of an unknown kind", patches(set(72, 8, incompatCompression), set(104, 1, 2)), binread.ErrUnsupported, "compression type 2"},
	{"compression without its feature", set(104, 1, 1), binread.ErrCorrupt, "compression type 1 contradicts"},
	{"compression feature without a type", set(72, 8, incompatCompression), binread.ErrCorrupt, "compression type 0 contradicts"},
	{"subclusters of 128 bytes", patches(set(72, 8, incompatExtendedL2), set(20, 4, 12)), binread.ErrCorrupt, "extended L2 entries"},
	{"data file without a name", set(72, 8, incompatDataFile), binread.ErrUnsupported, "does not name"},
	{"data file of the host", dataFile, binread.ErrRefused, `data file "data"`},
	{"70000 snapshots", set(60, 4, 70000), binread.ErrLimit, "snapshot table of 70000 entries"},
	{"snapshot table outside of the file", patches(snapshots(), set(64, 8, fileEnd)), binread.ErrCorrupt, "at 0x50000"},
	{"snapshot table not aligned", patches(snapshots(), set(64, 8, dataAt+1)), binread.ErrCorrupt, "at 0x30001"},
	{"snapshot table longer than the file", patches(snapshots(), set(60, 4, 60000)), binread.ErrCorrupt, "60000 entries"},
	{"snapshot with 4 GiB of extra data", snapshots(set(dataAt+36, 4, 1<<32-1)), binread.ErrLimit, "entry 0 at 0x30000: 4294967295 bytes"},
	{
		"snapshot name past the file", patches(snapshots(set(dataAt+14, 2, 1<<16-1)), cut(dataAt+1000)),
		binread.ErrCorrupt, "65536 bytes at 0x30028 end after 960",
	},
	{"snapshot with an L1 table of 4 GiB", snapshots(set(dataAt+8, 4, 1<<29)), binread.ErrLimit, "L1 table of 536870912"},
	{"snapshot with an L1 table outside", snapshots(set(dataAt, 8, 1<<40)), binread.ErrCorrupt, "at 0x10000000000"},
	{"snapshot of a huge disk", snapshots(set(dataAt+36, 4, 16), set(dataAt+48, 8, 1<<63), setBytes(dataAt+56, []byte("1a"))), binread.ErrCorrupt, "virtual size"},

	{"L1 entry with reserved bits", set(l1Place, 8, l2Place|1<<60), binread.ErrCorrupt, "guest offset 0x0: L1 entry at 0x10000"},
	{"L2 table not aligned", set(l1Place, 8, l2Place+512), binread.ErrCorrupt, "L2 table at 0x20200"},
	{"L2 table outside of the file", set(l1Place, 8, fileEnd), binread.ErrCorrupt, "L2 table at 0x50000"},
	{"L2 table cut off", patches(set(l1Place, 8, 4*k64), cut(4*k64+4)), binread.ErrCorrupt, "L2 entry at 0x40000"},
	{"L2 entry with reserved bits", set(l2Place, 8, dataAt|2), binread.ErrCorrupt, "L2 entry at 0x20000: 0x30002 has reserved"},
	{"zero cluster in version 2", patches(set(4, 4, 2), set(l2Place, 8, 1)), binread.ErrCorrupt, "reserved bits"},
	{"cluster not aligned", set(l2Place, 8, dataAt+512), binread.ErrCorrupt, "cluster at 0x30200"},
	{"cluster outside of the file", set(l2Place, 8, fileEnd), binread.ErrCorrupt, "cluster at 0x50000"},
	{"cluster cut", patches(set(l2Place, 8, 4*k64), cut(4*k64+100)), binread.ErrCorrupt, "end after 100"},
	{"second cluster outside of the file", set(l2Place+8, 8, 1<<50), binread.ErrCorrupt, "guest offset 0x10000"},
	{"compressed cluster outside of the file", set(l2Place, 8, compress|1<<40), binread.ErrCorrupt, "cluster at 0x10000000000"},
	{"compressed cluster of garbage", set(l2Place, 8, compress|dataAt), binread.ErrCorrupt, "at 0x30000: after 0 bytes"},
	{
		"compressed cluster too short", patches(set(l2Place, 8, compress|dataAt), setBytes(dataAt, deflated(make([]byte, 1000)))),
		binread.ErrCorrupt, "after 1000 bytes of a cluster of 65536",
	},
	{
		"compressed cluster too long", patches(set(l2Place, 8, compress|dataAt), setBytes(dataAt, deflated(make([]byte, k64+1)))),
		binread.ErrCorrupt, "more than a cluster of 65536",
	},
	{
		"compressed bomb", patches(set(l2Place, 8, compress|dataAt), setBytes(dataAt, deflated(make([]byte, 8<<20)))),
		binread.ErrCorrupt, "more than a cluster of 65536",
	},
	{
		"compressed cluster past its sectors", patches(set(l2Place, 8, flagCompress|dataAt+300), setBytes(dataAt+300, deflated(noise(k64)))),
		binread.ErrCorrupt, "of 212 bytes at 0x3012c",
	},
	{"zstd cluster of garbage", patches(zstdType, set(l2Place, 8, compress|dataAt)), binread.ErrCorrupt, "zstd frame"},
	{
		"zstd cluster too short", patches(zstdType, set(l2Place, 8, compress|dataAt), setBytes(dataAt, zstdFrame(make([]byte, 1000)))),
		binread.ErrCorrupt, "1000 bytes, want a cluster of 65536",
	},
	{
		"zstd bomb", patches(zstdType, set(l2Place, 8, compress|dataAt), setBytes(dataAt, zstdFrame(make([]byte, 8<<20)))),
		binread.ErrCorrupt, "more than a cluster of 65536",
	},
	{
		"zstd window of 512 MiB",
		patches(zstdType, set(l2Place, 8, compress|dataAt), setBytes(dataAt, zstdFrame(make([]byte, 1000), zstd.WithWindowSize(zstd.MaxWindowSize), zstd.WithSingleSegment(false)))),
		binread.ErrCorrupt, "cluster of 65536",
	},
	{
		"zstd frame cut", patches(zstdType, set(l2Place, 8, flagCompress|dataAt), setBytes(dataAt, zstdFrame(noise(k64-1000)))),
		binread.ErrCorrupt, "zstd frame",
	},
	{
		"zstd frame to be skipped", patches(zstdType, set(l2Place, 8, compress|dataAt), setBytes(dataAt, []byte("\x50\x2a\x4d\x18\x04\x00\x00\x00"))),
		binread.ErrCorrupt, "skippable",
	},
	{"subcluster both allocated and zero", extended(1<<32 | 1), binread.ErrCorrupt, "both allocated and zero"},
	{"subcluster allocated in no cluster", patches(extended(1), set(l2Place, 8, 0)), binread.ErrCorrupt, "allocated in no cluster"},
	{"zero flag in an extended entry", patches(extended(1), set(l2Place, 8, dataAt|1)), binread.ErrCorrupt, "reserved bits"},
	{"compressed cluster with subclusters", patches(extended(1), set(l2Place, 8, compress|dataAt)), binread.ErrCorrupt, "compressed cluster with"},
}

// readSome opens an image and reads its first 4 MiB, and asks for its first extent.
func readSome(b []byte, opts image.Options) error {
	img, err := openBytes(b, opts)
	if err != nil {
		return err
	}
	defer img.Close()
	_, err = io.Copy(io.Discard, io.NewSectionReader(img, 0, min(img.Size(), 4<<20)))
	_, _ = img.(image.Extenter).Extent(0, img.Size())
	return err
}

func TestHostileImages(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			b := c.patch(valid())
			opts := image.Options{}
			if strings.HasPrefix(c.name, "snapshot ") {
				opts.Snapshot = "1"
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := readSome(b, opts)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error %v, want kind %v and %q", err, c.kind, c.text)
			}
			if err != nil && (!strings.HasPrefix(err.Error(), "qcow2: ") || strings.Contains(err.Error(), "\n")) {
				t.Errorf("error %q, want one line that starts with qcow2", err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 16<<20 {
				t.Errorf("%d bytes allocated, want at most 16 MiB", n)
			}
		})
	}
}

func TestSnapshotTablesAreBounded(t *testing.T) {
	const entries, entry = 300, snapshotSize + 65536
	b := append(valid()[:dataAt], make([]byte, entries*entry)...)
	put(b, 60, 4, entries)
	put(b, 64, 8, dataAt)
	for i := range entries {
		put(b, dataAt+i*entry+14, 2, 65535)
	}
	if _, err := openBytes(b, image.Options{}); !errors.Is(err, binread.ErrLimit) || !strings.Contains(err.Error(), "entry 255") {
		t.Errorf("a table of %d bytes: %v, want kind %v at entry 255", entries*entry, err, binread.ErrLimit)
	}
}

func TestOddImagesAreRead(t *testing.T) {
	d := bytes.Repeat([]byte("d"), k64)
	for _, c := range []struct {
		name  string
		patch patch
		want  []byte // of the first cluster
	}{
		{"valid", patches(), d},
		{"L2 table as data", set(l2Place, 8, l2Place), slices.Concat(set(0, 8, l2Place)(make([]byte, 8)), make([]byte, k64-8))},
		{"L1 table as L2 table", patches(set(l1Place, 8, l1Place)), slices.Concat(set(0, 8, l1Place)(make([]byte, 8)), make([]byte, k64-8))},
		{"corrupt bit", set(72, 8, incompatCorrupt), d},
		{"reference count table outside", set(48, 8, 1<<40), d},
		{"zero cluster with a place", set(l2Place, 8, dataAt|flagZero), make([]byte, k64)},
		{"compressed to the end of the file", patches(set(l2Place, 8, compress|dataAt), setBytes(dataAt, deflated(make([]byte, k64))), cut(dataAt+len(deflated(make([]byte, k64))))), make([]byte, k64)},
		{"zstd with a checksum", patches(zstdType, set(l2Place, 8, compress|dataAt), setBytes(dataAt, zstdFrame(make([]byte, k64), zstd.WithEncoderCRC(true)))), make([]byte, k64)},
		{"extension unknown", extension(0x12345678, 5, "hello"), d},
		{"backing name empty", set(8, 8, 512), d},
	} {
		t.Run(c.name, func(t *testing.T) {
			img, err := openBytes(c.patch(valid()), image.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := make([]byte, k64)
			if _, err := img.ReadAt(got, 0); err != nil || !bytes.Equal(got, c.want) {
				t.Errorf("first bytes %.16x, %v, want %.16x", got, err, c.want)
			}
		})
	}
}

func TestDamageIsAProblem(t *testing.T) {
	for text, p := range map[string]patch{
		"corrupt bit":           set(72, 8, incompatCorrupt),
		"dirty bit":             set(72, 8, incompatDirty),
		"reference count table": set(48, 8, 1<<40),
	} {
		img, err := openBytes(p(valid()), image.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := img.Description().Problems; len(got) != 1 || !strings.Contains(got[0], text) {
			t.Errorf("problems %q, want one with %q", got, text)
		}
	}
}

func TestSiblingsAreAskedByNameAndFormat(t *testing.T) {
	b := patches(backingName("file:base"), extension(extensionBackingFormat, 5, "qcow2"))(valid())
	var got []string
	sibling := func(name, format string) (image.Image, error) {
		got = append(got, name, format)
		return nil, binread.Limit("too many")
	}
	if _, err := openBytes(b, image.Options{Sibling: sibling}); !errors.Is(err, binread.ErrLimit) {
		t.Errorf("error %v, want kind %v", err, binread.ErrLimit)
	}
	if want := []string{"base", "qcow2"}; !slices.Equal(got, want) {
		t.Errorf("sibling asked for %q, want %q", got, want)
	}
}
