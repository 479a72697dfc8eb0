package luks

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

// seal makes the checksum of the header at off right again.
func seal(b []byte, off, size int) {
	if size < binarySize || off > len(b)-size {
		return
	}
	head := b[off : off+size]
	clear(head[sumAt : sumAt+64])
	sum := sha256.Sum256(head)
	copy(head[sumAt:], sum[:])
}

// rewrite replaces the metadata of both headers, and seals them.
func rewrite(tb testing.TB, b []byte, edit func(json string) string) {
	tb.Helper()
	size := int(binary.BigEndian.Uint64(b[8:]))
	for _, off := range []int{0, size} {
		area := b[off+binarySize : off+size]
		old, _, _ := strings.Cut(string(area), "\x00")
		text := edit(old)
		if text == old || len(text) > len(area) {
			tb.Fatalf("metadata of %d bytes became %d of %d: %s", len(old), len(text), len(area), old)
		}
		clear(area)
		copy(area, text)
		seal(b, off, size)
	}
}

// swap is an edit of metadata.
func swap(old, with string) func(string) string {
	return func(json string) string { return strings.Replace(json, old, with, 1) }
}

// reason is why a volume is not read: the error of the opening, or that of the volume.
func reason(b []byte, keys ...volume.Key) error {
	table, err := Format.Open(context.Background(), []*volume.Volume{volumeOf(b)}, volume.Options{Keys: keys})
	if err != nil {
		return err
	}
	return table.Volumes[0].Err
}

func TestHostileMetadata(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 6000) + "1" + strings.Repeat("}", 6000)
	many := `{"a":[` + strings.Repeat("1,", 6000) + "1]}"
	for _, c := range []struct {
		name, image string
		edit        func(string) string
		kind        error
		message     string
	}{
		{"argon2 with 64 GiB of memory", "luks2-plain", swap(`"memory":32`, `"memory":67108864`), binread.ErrLimit, "argon2i with 65536 MiB of memory, want at most 1024"},
		{"argon2 with 2^32-1 passes", "luks2-plain", swap(`"time":4`, `"time":4294967295`), binread.ErrLimit, "argon2i with 4294967295 passes"},
		{"argon2 with no pass", "luks2-plain", swap(`"time":4`, `"time":0`), binread.ErrCorrupt, "0 passes"},
		{"argon2 with no thread", "luks2-plain", swap(`"cpus":1`, `"cpus":0`), binread.ErrCorrupt, "0 threads"},
		{"argon2 with 2^20 threads", "luks2-plain", swap(`"memory":32,"cpus":1`, `"memory":1048576,"cpus":100`), binread.ErrLimit, "100 threads"},
		{"argon2 with less memory than its threads need", "luks2-plain", swap(`"cpus":1`, `"cpus":16`), binread.ErrCorrupt, "32 KiB in 16 threads"},
		{"memory that is no number of 32 bits", "luks2-plain", swap(`"memory":32`, `"memory":4294967296`), binread.ErrCorrupt, "metadata"},
		{"unknown derivation", "luks2-plain", swap(`"argon2i"`, `"argon2d"`), binread.ErrUnsupported, `key derivation "argon2d"`},
		{"2^32-1 iterations", "luks2-essiv", swap(`"iterations":1000`, `"iterations":4294967295`), binread.ErrLimit, "4294967295 iterations"},
		{"no iterations", "luks2-essiv", swap(`"iterations":1000`, `"iterations":0`), binread.ErrCorrupt, "0 iterations"},
		{"digest of 2^32-1 iterations", "luks2-plain", swap(`"iterations":1000`, `"iterations":4294967295`), binread.ErrLimit, "digest: pbkdf2 with 4294967295"},
		{"digest of another type", "luks2-plain", swap(`"type":"pbkdf2"`, `"type":"argon2"`), binread.ErrUnsupported, `digest of type "argon2"`},
		{"digest of no bytes", "luks2-plain", swap(`"digest":"`, `"digest":"","other":"`), binread.ErrCorrupt, "digest of 0 bytes"},
		{"no digest", "luks2-plain", swap(`"segments":["0"]`, `"segments":["1"]`), binread.ErrCorrupt, "no digest for segment 0"},
		{"key material outside of the volume", "luks2-plain", swap(`"offset":"32768"`, `"offset":"1099511627776"`), binread.ErrCorrupt, "beyond the end"},
		{"key material that ends outside", "luks2-plain", swap(`"offset":"32768"`, `"offset":"2096640"`), binread.ErrCorrupt, "beyond the end"},
		{"key material in the headers", "luks2-plain", swap(`"offset":"32768"`, `"offset":"512"`), binread.ErrCorrupt, "within the headers"},
		{"key material at 2^64", "luks2-plain", swap(`"offset":"32768"`, `"offset":"18446744073709551615"`), binread.ErrCorrupt, "metadata"},
		{"0 stripes", "luks2-plain", swap(`"stripes":4000`, `"stripes":0`), binread.ErrCorrupt, "0 stripes"},
		{"2^32-1 stripes", "luks2-plain", swap(`"stripes":4000`, `"stripes":4294967295`), binread.ErrLimit, "4294967295 stripes"},
		{"volume key of 2^31 bytes", "luks2-plain", swap(`"key_size":32`, `"key_size":2147483648`), binread.ErrLimit, "a key of 2147483648 bytes"},
		{"volume key of no bytes", "luks2-plain", swap(`"key_size":32`, `"key_size":0`), binread.ErrCorrupt, "a key of 0 bytes"},
		{"volume key of a length that the cipher has not", "luks2-plain", swap(`"key_size":32`, `"key_size":33`), binread.ErrCorrupt, "a key of 33 bytes for aes-xts-plain"},
		{"slot with a name of letters", "luks2-plain", func(s string) string {
			return strings.Replace(strings.Replace(s, `"keyslots":{"0"`, `"keyslots":{"x"`, 1), `"keyslots":["0"]`, `"keyslots":["x"]`, 1)
		}, binread.ErrCorrupt, "want a number"},
		{"slot that does not exist", "luks2-plain", swap(`"keyslots":["0"]`, `"keyslots":["9"]`), binread.ErrEncrypted, "no slot"},
		{"slot of another type", "luks2-plain", swap(`"type":"luks2"`, `"type":"later"`), binread.ErrUnsupported, `type "later"`},
		{"area of another type", "luks2-plain", swap(`"type":"raw"`, `"type":"later"`), binread.ErrUnsupported, `area of type "later"`},
		{"splitter of another type", "luks2-plain", swap(`"type":"luks1"`, `"type":"later"`), binread.ErrUnsupported, `splitter "later"`},
		{"segment beyond the end", "luks2-plain", swap(`"offset":"524288"`, `"offset":"1099511627776"`), binread.ErrCorrupt, "beyond the end of the volume"},
		{"segment at half a sector", "luks2-plain", swap(`"offset":"524288"`, `"offset":"524289"`), binread.ErrCorrupt, "whole sectors"},
		{"segment that overflows", "luks2-plain", swap(`"size":"dynamic"`, `"size":"9223372036854773760"`), binread.ErrCorrupt, "segment of"},
		{"segment of no bytes", "luks2-plain", swap(`"size":"dynamic"`, `"size":"0"`), binread.ErrCorrupt, "segment of"},
		{"segment of a negative size", "luks2-plain", swap(`"size":"dynamic"`, `"size":"-2048"`), binread.ErrCorrupt, "segment of"},
		{"sectors of 3 bytes", "luks2-plain", swap(`"sector_size":2048`, `"sector_size":3`), binread.ErrCorrupt, "sectors of 3 bytes"},
		{"sectors of 0 bytes", "luks2-plain", swap(`"sector_size":2048`, `"sector_size":0`), binread.ErrCorrupt, "sectors of 0 bytes"},
		{"sectors of 64 KiB", "luks2-plain", swap(`"sector_size":2048`, `"sector_size":65536`), binread.ErrCorrupt, "sectors of 65536 bytes"},
		{"segment that is not encrypted", "luks2-plain", swap(`"type":"crypt"`, `"type":"linear"`), binread.ErrUnsupported, `segment of type "linear"`},
		{"segment with flags", "luks2-plain", swap(`"type":"crypt"`, `"flags":["in-reencryption"],"type":"crypt"`), binread.ErrUnsupported, "in-reencryption"},
		{"two segments", "luks2-plain", swap(`"segments":{`, `"segments":{"1":{"type":"crypt"},`), binread.ErrUnsupported, "2 segments"},
		{"requirement of a later version", "luks2-plain", swap(`"config":{`, `"config":{"requirements":{"mandatory":["later"]},`), binread.ErrUnsupported, `requires "later"`},
		{"cipher that encrypts nothing", "luks2-plain", swap(`"encryption":"aes-xts-plain","sector_size"`, `"encryption":"cipher_null-ecb","sector_size"`), binread.ErrUnsupported, "cipher"},
		{"cipher that is not read", "luks2-plain", func(s string) string { return strings.ReplaceAll(s, "aes-xts", "serpent-xts") }, binread.ErrUnsupported, `cipher "serpent-xts-plain"`},
		{"hash that is not read", "luks2-essiv", func(s string) string { return strings.ReplaceAll(s, `"sha512"`, `"whirlpool"`) }, binread.ErrUnsupported, `hash "whirlpool"`},
		{"no metadata", "luks2-plain", func(string) string { return "" }, binread.ErrCorrupt, "metadata"},
		{"no object", "luks2-plain", func(string) string { return "[]" }, binread.ErrCorrupt, "metadata"},
		{"a number", "luks2-plain", func(string) string { return "7" }, binread.ErrCorrupt, "no object"},
		{"cut off", "luks2-plain", func(s string) string { return s[:len(s)-3] }, binread.ErrCorrupt, "metadata"},
		{"two values", "luks2-plain", func(s string) string { return s + "{}" }, binread.ErrCorrupt, "more than one value"},
		{"no segments", "luks2-plain", swap(`"segments":{`, `"others":{`), binread.ErrCorrupt, "no segment"},
		{"a name that stands twice", "luks2-plain", swap(`"config":{`, `"config":{},"config":{`), binread.ErrCorrupt, `"config" stands twice`},
		{"a name that stands twice in other letters", "luks2-plain", swap(`"config":{`, `"Config":{},"config":{`), binread.ErrCorrupt, "stands twice"},
		{"6000 levels", "luks2-slots", func(string) string { return deep[:6000] }, binread.ErrLimit, "more than 32 levels"},
		{"list in the place of an object", "luks2-plain", func(string) string { return many[:12000] }, binread.ErrCorrupt, "metadata"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := image(t, c.image)
			rewrite(t, b, c.edit)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := reason(b, keyOf("*", passphrase))
			runtime.ReadMemStats(&after)
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.message) {
				t.Errorf("%v, want kind %v with %q", err, c.kind, c.message)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
				t.Errorf("%d MiB were allocated", n>>20)
			}
		})
	}
}

func TestManyWordsOfMetadataAreNotRead(t *testing.T) {
	err := strictJSON([]byte(`{"a":[`+strings.Repeat("1,", 2*maxTokens)+"1]}"), &metadata{})
	if !errors.Is(err, binread.ErrLimit) {
		t.Errorf("%v, want %v", err, binread.ErrLimit)
	}
	text := `{"keyslots":{`
	for i := range maxSlots + 1 {
		text += fmt.Sprintf(`"%d":{},`, i)
	}
	if _, err := parseMetadata([]byte(strings.TrimSuffix(text, ",") + "}}")); !errors.Is(err, binread.ErrLimit) {
		t.Errorf("%d slots: %v, want %v", maxSlots+1, err, binread.ErrLimit)
	}
}

func TestHostileHeaders1(t *testing.T) {
	u32 := func(off int, n uint32) func([]byte) {
		return func(b []byte) { binary.BigEndian.PutUint32(b[off:], n) }
	}
	word := func(off int, s string) func([]byte) {
		return func(b []byte) { copy(b[off:off+32], s+strings.Repeat("\x00", 32)) }
	}
	const slot0 = 208
	for _, c := range []struct {
		name    string
		edit    func(b []byte)
		kind    error
		message string
	}{
		{"version 3", func(b []byte) { b[7] = 3 }, binread.ErrUnsupported, "version 3"},
		{"volume key of no bytes", u32(108, 0), binread.ErrCorrupt, "0 bytes"},
		{"volume key of 2^31 bytes", u32(108, 1<<31), binread.ErrLimit, "2147483648 bytes"},
		{"volume key of a length that the cipher has not", u32(108, 17), binread.ErrCorrupt, "a key of 17 bytes"},
		{"payload beyond the end", u32(104, math.MaxUint32), binread.ErrCorrupt, "beyond the end of the volume"},
		{"UUID that leads elsewhere", func(b []byte) { copy(b[168:], "../../../../etc/passwd\x00") }, binread.ErrCorrupt, "UUID"},
		{"slot that is neither in use nor free", u32(slot0, 5), binread.ErrCorrupt, "slot 0: state 0x5"},
		{"no iterations", u32(slot0+4, 0), binread.ErrCorrupt, "0 iterations"},
		{"2^32-1 iterations", u32(slot0+4, math.MaxUint32), binread.ErrLimit, "4294967295 iterations"},
		{"digest of 2^32-1 iterations", u32(164, math.MaxUint32), binread.ErrLimit, "digest: pbkdf2 with 4294967295"},
		{"key material beyond the end", u32(slot0+40, math.MaxUint32), binread.ErrCorrupt, "beyond the end"},
		{"key material in the header", u32(slot0+40, 1), binread.ErrCorrupt, "within the header"},
		{"0 stripes", u32(slot0+44, 0), binread.ErrCorrupt, "0 stripes"},
		{"2^32-1 stripes", u32(slot0+44, math.MaxUint32), binread.ErrLimit, "4294967295 stripes"},
		{"unknown hash", word(72, "whirlpool"), binread.ErrUnsupported, `hash "whirlpool"`},
		{"unknown cipher", word(8, "serpent"), binread.ErrUnsupported, `cipher "serpent-cbc-plain"`},
		{"unknown mode", word(40, "lrw-benbi"), binread.ErrUnsupported, `cipher "aes-lrw-benbi"`},
		{"cipher that encrypts nothing", word(8, "cipher_null"), binread.ErrUnsupported, "encrypts nothing"},
		{"unknown hash of initial vectors", word(40, "cbc-essiv:md5"), binread.ErrUnsupported, `hash "md5"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := image(t, "luks1-plain")
			c.edit(b)
			if err := reason(b, keyOf("*", passphrase)); !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.message) {
				t.Errorf("%v, want kind %v with %q", err, c.kind, c.message)
			}
		})
	}
	for _, n := range []int{0, 6, 8, 100, header1Size - 1} {
		if err := reason(image(t, "luks1-plain")[:n]); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("%d bytes: %v, want %v", n, err, binread.ErrCorrupt)
		}
	}
}

// TestASlotThatIsRefusedDoesNotCloseTheOthers makes the first of two slots ask for too much.
func TestASlotThatIsRefusedDoesNotCloseTheOthers(t *testing.T) {
	b := image(t, "luks1-xts")
	binary.BigEndian.PutUint32(b[208+4:], math.MaxUint32)
	if err := reason(b, keyOf("*", binaryKey())); err != nil {
		t.Errorf("the other slot: %v", err)
	}
	err := reason(b, keyOf("*", passphrase))
	if !errors.Is(err, binread.ErrEncrypted) || !errors.Is(err, binread.ErrLimit) || !strings.Contains(err.Error(), "tried slot 3; slot 0: pbkdf2 with 4294967295") {
		t.Errorf("%v, want why slot 0 was not tried", err)
	}
}

// TestAllKeysTogetherHaveALimit tries one wrong key after the other.
func TestAllKeysTogetherHaveALimit(t *testing.T) {
	b := image(t, "luks1-plain")
	h, err := readHeader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	tr := trial{header: h, r: bytes.NewReader(b), spent: maxTotal}
	if err := tr.prepare(); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.key(t.Context(), keyOf("*", passphrase)); !errors.Is(err, binread.ErrLimit) {
		t.Errorf("%v, want %v", err, binread.ErrLimit)
	}
}

func TestEitherHeaderServes(t *testing.T) {
	const size = 16384
	for _, c := range []struct {
		name    string
		edit    func(b []byte)
		meaning volume.Meaning
		message string
	}{
		{"primary gone", func(b []byte) { clear(b[:4096]) }, volume.Unprotected, "primary header: no header: the secondary is used"},
		{"primary damaged", func(b []byte) { b[5000] ^= 1 }, volume.Unprotected, "primary header: at 0x0: checksum"},
		{"secondary gone", func(b []byte) { clear(b[size : size+4096]) }, volume.Unprotected, "secondary header: no header"},
		{"secondary damaged", func(b []byte) { b[size+5000] ^= 1 }, volume.Unprotected, "secondary header: at 0x4000: checksum"},
		{"primary says it is elsewhere", func(b []byte) { b[263] = 1; seal(b, 0, size) }, volume.Unprotected, "primary header: at 0x0: header says it is at 0x1"},
		{"primary lies about its size", func(b []byte) { binary.BigEndian.PutUint64(b[8:], size+1); seal(b, 0, size) }, volume.Unprotected, "header size 16385"},
		{"primary larger than the volume", func(b []byte) { binary.BigEndian.PutUint64(b[8:], maxHeader) }, volume.Unprotected, "header size 4194304, beyond the end"},
		{"primary of 2^63 bytes", func(b []byte) { b[8] = 0x80; clear(b[9:16]) }, volume.Unprotected, "header size 9223372036854775808, want at most"},
		{"primary with another checksum", func(b []byte) { copy(b[72:], "sha512"); seal(b, 0, size) }, volume.Unprotected, `checksum "sha512"`},
		{"secondary newer", func(b []byte) { b[size+23]++; seal(b, size, size) }, volume.Unprotected, "the primary header is older"},
		{"secondary older", func(b []byte) { b[23]++; seal(b, 0, size) }, volume.Unprotected, "the secondary header is older"},
		{"secondary of another volume", func(b []byte) { b[size+168] = "10"[b[size+168]&1]; seal(b, size, size) }, volume.Ambiguous, "of another volume"},
		{"secondary with other metadata", func(b []byte) {
			i := bytes.Index(b[size:], []byte(`"priority"`))
			if i < 0 {
				i = bytes.Index(b[size:], []byte("keyslots_size"))
			}
			b[size+i+1] = 'x'
			seal(b, size, size)
		}, volume.Ambiguous, "the two headers differ"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := image(t, "luks2-plain")
			c.edit(b)
			if ok, err := Format.Probe(bytes.NewReader(b), int64(len(b))); !ok || err != nil {
				t.Fatalf("probe: %v, %v", ok, err)
			}
			v, table := opened(t, b, keyOf("*", passphrase))
			if v.Err != nil {
				t.Fatal(v.Err)
			}
			if got := sum(content(t, v)); got != truth(t)["luks2-plain"].sum {
				t.Errorf("content %s", got)
			}
			if len(table.Problems) != 1 || table.Problems[0].Meaning != c.meaning || !strings.Contains(table.Problems[0].Message, c.message) {
				t.Errorf("problems %q, want one with %q", table.Problems, c.message)
			}
		})
	}
	b := image(t, "luks2-plain")
	b[5000] ^= 1
	b[size+5000] ^= 1
	if err := reason(b); !errors.Is(err, binread.ErrChecksum) || !strings.Contains(err.Error(), "primary") || !strings.Contains(err.Error(), "secondary") {
		t.Errorf("both damaged: %v, want both said", err)
	}
}

func TestALeftOverSecondaryHeaderIsNoVolume(t *testing.T) {
	b := image(t, "luks2-plain")
	clear(b[:4096])
	copy(b[510:], "\x55\xaa")
	if ok, err := Format.Probe(bytes.NewReader(b), int64(len(b))); ok || err != nil {
		t.Errorf("behind a boot sector: %v, %v, want no", ok, err)
	}
	b = image(t, "luks2-plain")
	clear(b[:4096])
	b[16384+300]++
	if ok, err := Format.Probe(bytes.NewReader(b), int64(len(b))); ok || err != nil {
		t.Errorf("damaged: %v, %v, want no", ok, err)
	}
	for _, n := range []int{0, 1, 511, 512, 16384, 16390} {
		if ok, err := Format.Probe(bytes.NewReader(make([]byte, n)), int64(n)); ok || err != nil {
			t.Errorf("%d zeros: %v, %v, want no", n, ok, err)
		}
	}
}

// TestAVolumeThatWasCutOffIsRead gives the segment a size, and takes some of it away.
func TestAVolumeThatWasCutOffIsRead(t *testing.T) {
	b := image(t, "luks2-plain")
	whole, _ := opened(t, b, keyOf("*", passphrase))
	want := content(t, whole)
	rewrite(t, b, swap(`"size":"dynamic"`, `"size":"1048576"`))
	v, table := opened(t, b, keyOf("*", passphrase))
	if v.Size != 1<<20 || len(table.Problems) > 0 || !bytes.Equal(content(t, v), want[:1<<20]) {
		t.Errorf("%d bytes, problems %q", v.Size, table.Problems)
	}
	v, table = opened(t, b[:1<<20+700], keyOf("*", passphrase))
	if n := int64(1<<20-1<<19) / 2048 * 2048; v.Size != n || !bytes.Equal(content(t, v), want[:n]) {
		t.Errorf("cut off: %d bytes, want %d", v.Size, n)
	}
	if len(table.Problems) != 1 || table.Problems[0].Meaning != volume.Missing {
		t.Errorf("cut off: problems %q", table.Problems)
	}
}

// TestInitialVectorsAreShifted gives a volume of one sector the numbers of another.
func TestInitialVectorsAreShifted(t *testing.T) {
	b := image(t, "luks2-essiv")
	whole, _ := opened(t, b, keyOf("*", passphrase))
	want := content(t, whole)
	rewrite(t, b, func(s string) string {
		return strings.Replace(strings.Replace(s, `"iv_tweak":"0"`, `"iv_tweak":"8"`, 1), `"offset":"524288"`, `"offset":"528384"`, 1)
	})
	v, _ := opened(t, b, keyOf("*", passphrase))
	if v.Err != nil {
		t.Fatal(v.Err)
	}
	if !bytes.Equal(content(t, v), want[4096:]) {
		t.Error("the volume from its 8th sector on is not what follows in the whole")
	}
}

func FuzzLUKS(f *testing.F) {
	for _, name := range []string{"luks1-plain", "luks1-xts", "luks2-plain", "luks2-slots", "luks2-reencrypt", "luks2-integrity"} {
		b := image(f, name)[:32768]
		f.Add(b, true)
		f.Add(b[:1000], false)
	}
	f.Fuzz(func(t *testing.T, b []byte, sealed bool) {
		if sealed { // checksums would otherwise stop nearly every mutant
			seal(b, 0, minHeader)
			seal(b, minHeader, minHeader)
		}
		disk := &volume.Volume{ReaderAt: bytes.NewReader(b), Name: "disk", Size: 1 << 30}
		if _, err := probe(disk, int64(len(b))); err != nil && !known(err) {
			t.Errorf("probe: %v", err)
		}
		disk.Size = int64(len(b))
		var keys []volume.Key
		if h, err := readHeader(bytes.NewReader(b), int64(len(b))); err == nil && cheap(h) {
			keys = []volume.Key{keyOf("*", passphrase)}
		}
		table, err := Format.Open(t.Context(), []*volume.Volume{disk}, volume.Options{Keys: keys})
		if err != nil {
			if !known(err) {
				t.Errorf("error of no known kind: %v", err)
			}
			return
		}
		for _, v := range table.Volumes {
			if v.Err != nil && !known(v.Err) {
				t.Errorf("error of no known kind: %v", v.Err)
			}
			if v.Size < 0 || v.Size > disk.Size {
				t.Errorf("%d bytes in %d", v.Size, disk.Size)
			}
			if _, err := io.Copy(io.Discard, io.NewSectionReader(v, 0, v.Size)); v.Err == nil && err != nil {
				t.Errorf("read: %v", err)
			}
		}
	})
}

// cheap reports whether trying a key takes no time worth mentioning.
func cheap(h *header) bool {
	total := uint64(0)
	add := func(n uint64, err error) {
		if err == nil {
			total += n
		}
	}
	add(h.verify.check())
	for _, s := range h.slots {
		if s.err == nil {
			add(s.derive.cost(s.area.keySize))
		}
	}
	return total < 20_000
}

func known(err error) bool { return damaged(err) || errors.Is(err, binread.ErrEncrypted) }
