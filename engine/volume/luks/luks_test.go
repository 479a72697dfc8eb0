package luks

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

// The secrets of testdata/inside.py.
const (
	passphrase = "the passphrase"
	other      = "another passphrase"
)

// binaryKey is a key file whose last byte is a newline.
func binaryKey() string {
	b := make([]byte, 256, 257)
	for i := range b {
		b[i] = byte(i)
	}
	return string(append(b, '\n'))
}

// image returns the bytes of a disk that testdata/make.sh made.
func image(tb testing.TB, name string) []byte {
	tb.Helper()
	f, err := os.Open("testdata/" + name + ".img.zst")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	defer z.Close()
	b, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func volumeOf(b []byte) *volume.Volume {
	return &volume.Volume{ReaderAt: bytes.NewReader(b), Name: "p3", Number: 3, Size: int64(len(b))}
}

func keyOf(device, secret string) volume.Key {
	return volume.Key{Device: device, Secret: func() ([]byte, error) { return []byte(secret), nil }}
}

// opened returns the one volume of a table.
func opened(tb testing.TB, b []byte, keys ...volume.Key) (*volume.Volume, *volume.Table) {
	tb.Helper()
	table, err := Format.Open(context.Background(), []*volume.Volume{volumeOf(b)}, volume.Options{Keys: keys})
	if err != nil {
		tb.Fatal(err)
	}
	if len(table.Volumes) != 1 {
		tb.Fatalf("%d volumes, want 1", len(table.Volumes))
	}
	return table.Volumes[0], table
}

// truth is what the kernel read from the open devices.
func truth(tb testing.TB) map[string]struct {
	size int64
	sum  string
} {
	tb.Helper()
	f, err := os.Open("testdata/content")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	all := map[string]struct {
		size int64
		sum  string
	}{}
	for s := bufio.NewScanner(f); s.Scan(); {
		fields := strings.Fields(s.Text())
		n, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			tb.Fatal(err)
		}
		all[fields[0]] = struct {
			size int64
			sum  string
		}{n, fields[2]}
	}
	return all
}

// content reads a volume whole.
func content(tb testing.TB, v *volume.Volume) []byte {
	tb.Helper()
	b, err := io.ReadAll(io.NewSectionReader(v, 0, v.Size+1))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func TestVolumesHoldWhatTheKernelReads(t *testing.T) {
	want := truth(t)
	for _, c := range []struct{ name, kind string }{
		{"luks1-xts", "LUKS1 aes-xts-plain64"},
		{"luks1-essiv", "LUKS1 aes-cbc-essiv:sha256"},
		{"luks1-plain", "LUKS1 aes-cbc-plain"},
		{"luks1-twofish", "LUKS1 twofish-xts-plain64"},
		{"luks2-slots", "LUKS2 aes-xts-plain64"},
		{"luks2-4096", "LUKS2 aes-xts-plain64"},
		{"luks2-essiv", "LUKS2 aes-cbc-essiv:sha256"},
		{"luks2-plain", "LUKS2 aes-xts-plain"},
		{"qemu", "LUKS1 aes-cbc-essiv:sha256"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := image(t, c.name)
			if ok, err := Format.Probe(bytes.NewReader(b), int64(len(b))); !ok || err != nil {
				t.Fatalf("probe: %v, %v", ok, err)
			}
			v, table := opened(t, b, keyOf("p3", passphrase))
			if v.Err != nil {
				t.Fatal(v.Err)
			}
			if got := content(t, v); v.Size != want[c.name].size || sum(got) != want[c.name].sum {
				t.Errorf("%d bytes, %s; want %d, %s", v.Size, sum(got), want[c.name].size, want[c.name].sum)
			}
			if v.Kind != c.kind || len(table.Problems) > 0 || table.UUID != dumped(t, c.name, "UUID") || v.Devices[0] != "/dev/mapper/luks-"+table.UUID {
				t.Errorf("%q, problems %q, UUID %s, devices %q", v.Kind, table.Problems, table.UUID, v.Devices)
			}
			if place, ok := v.Locate(0, 512); ok {
				t.Errorf("the first sector lies at %v as it is", place)
			}
		})
	}
}

// dumped is a line of what cryptsetup luksDump says.
func dumped(t *testing.T, name, word string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".dump")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^` + word + `:\s*(\S+)`).FindSubmatch(b)
	if m == nil {
		t.Fatalf("%s.dump has no %s", name, word)
	}
	return string(m[1])
}

func TestKeysOpenTheirSlots(t *testing.T) {
	want := truth(t)
	for _, c := range []struct{ name, image, secret string }{
		{"passphrase in slot 0", "luks1-xts", passphrase},
		{"passphrase that an editor saved", "luks1-xts", passphrase + "\n"},
		{"binary key in slot 3", "luks1-xts", binaryKey()},
		{"argon2id in slot 0", "luks2-slots", passphrase},
		{"argon2i in slot 1, to be ignored", "luks2-slots", other},
		{"pbkdf2 in slot 2, preferred", "luks2-slots", binaryKey()},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, _ := opened(t, image(t, c.image), keyOf("*", c.secret))
			if v.Err != nil {
				t.Fatal(v.Err)
			}
			if got := sum(content(t, v)); got != want[c.image].sum {
				t.Errorf("content %s, want %s", got, want[c.image].sum)
			}
		})
	}
}

func TestAVolumeStaysClosed(t *testing.T) {
	for _, c := range []struct {
		name, image string
		keys        []volume.Key
		kind        error
		message     string
		hint        string
	}{
		{"no key", "luks2-slots", nil, binread.ErrEncrypted, "encrypted, and no key was given; tokens are not followed (a-test)", "--key p3=file:PATH"},
		{"a key for another volume", "luks1-xts", []volume.Key{keyOf("p4", passphrase)}, binread.ErrEncrypted, "no key was given", "--key p3=file:PATH"},
		{"wrong key", "luks2-slots", []volume.Key{keyOf("p3", "wrong")}, binread.ErrEncrypted, "opens p3: tried slots 2, 0, 1", "--key-file"},
		{"key of a slot that was removed", "luks1-xts", []volume.Key{keyOf("p3", other)}, binread.ErrEncrypted, "opens p3: tried slots 0, 3", "--key-file"},
		{"part of a key file", "luks1-xts", []volume.Key{keyOf("p3", binaryKey()[:32])}, binread.ErrEncrypted, "tried", "--key-file"},
		{"empty key", "luks1-xts", []volume.Key{keyOf("p3", "")}, binread.ErrEncrypted, "tried", "--key-file"},
		{"key that cannot be read", "luks1-xts", []volume.Key{{Device: "p3", Secret: func() ([]byte, error) { return nil, os.ErrPermission }}}, os.ErrPermission, "key for p3", ""},
		{"re-encryption begun", "luks2-reencrypt", []volume.Key{keyOf("p3", passphrase)}, binread.ErrUnsupported, "in the middle of a re-encryption", ""},
		{"integrity tags", "luks2-integrity", []volume.Key{keyOf("p3", passphrase)}, binread.ErrUnsupported, "integrity tags (hmac(sha256))", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, table := opened(t, image(t, c.image), c.keys...)
			if !errors.Is(v.Err, c.kind) || !strings.Contains(v.Err.Error(), c.message) || !strings.Contains(v.Err.Error(), table.UUID) {
				t.Errorf("%v, want kind %v with %q and the UUID", v.Err, c.kind, c.message)
			}
			if h := binread.HintOf(v.Err); !strings.Contains(h, c.hint) {
				t.Errorf("hint %q, want %q", h, c.hint)
			}
			if _, err := v.ReadAt(make([]byte, 1), 0); !errors.Is(err, c.kind) {
				t.Errorf("read: %v, want %v", err, c.kind)
			}
			for _, k := range c.keys {
				secret, _ := k.Secret()
				if len(secret) > 4 && strings.Contains(v.Err.Error(), string(secret)) {
					t.Errorf("%v tells the key", v.Err)
				}
			}
		})
	}
}

func TestKeysAreNamedForTheirVolume(t *testing.T) {
	b := image(t, "luks1-plain")
	uuid := dumped(t, "luks1-plain", "UUID")
	for device, opens := range map[string]bool{
		"p3": true, "3": true, "*": true, uuid: true, strings.ToUpper(uuid): true, "p33": false, "disk": false, "": false, "0": false,
	} {
		if v, _ := opened(t, b, keyOf(device, passphrase)); (v.Err == nil) != opens {
			t.Errorf("key for %q: %v, want it to open: %v", device, v.Err, opens)
		}
	}
	if v, _ := opened(t, b, keyOf("*", "wrong"), keyOf("p3", other), keyOf("p3", passphrase)); v.Err != nil {
		t.Errorf("the third of three keys: %v", v.Err)
	}
}

// TestSecretsAreWiped keeps the bytes that a key was handed out in.
func TestSecretsAreWiped(t *testing.T) {
	for _, secret := range []string{passphrase + "\n", "wrong"} {
		b := []byte(secret)
		opened(t, image(t, "luks1-plain"), volume.Key{Device: "*", Secret: func() ([]byte, error) { return b, nil }})
		if strings.Trim(string(b), "\x00") != "" {
			t.Errorf("%q is still there", b)
		}
	}
}

func TestADetachedHeaderOpensItsVolume(t *testing.T) {
	head, b := image(t, "luks2-detached.header"), image(t, "luks2-detached")
	from := volume.Header{ReaderAt: bytes.NewReader(head), Device: "p3", Size: int64(len(head))}
	table, err := Format.Detached(t.Context(), volumeOf(b), from, volume.Options{Keys: []volume.Key{keyOf("p3", passphrase)}})
	if err != nil {
		t.Fatal(err)
	}
	v := table.Volumes[0]
	if v.Err != nil {
		t.Fatal(v.Err)
	}
	if got, want := sum(content(t, v)), truth(t)["luks2-detached"].sum; got != want {
		t.Errorf("content %s, want %s", got, want)
	}
}

// TestAnyRangeIsRead reads ranges of all kinds at once and holds them against the whole.
func TestAnyRangeIsRead(t *testing.T) {
	for _, name := range []string{"luks1-essiv", "luks2-slots", "luks2-4096"} {
		v, _ := opened(t, image(t, name), keyOf("*", passphrase))
		if v.Err != nil {
			t.Fatal(v.Err)
		}
		whole := content(t, v)
		var wg sync.WaitGroup
		for seed := range uint64(4) {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(seed, 1))
				for range 300 {
					off := r.IntN(len(whole))
					b := make([]byte, r.IntN(20_000))
					n, err := v.ReadAt(b, int64(off))
					want := whole[off:min(len(whole), off+len(b))]
					if n != len(want) || !bytes.Equal(b[:n], want) || (n < len(b)) != errors.Is(err, io.EOF) || n == len(b) && err != nil {
						t.Errorf("%s: %d bytes at %d: %d, %v", name, len(b), off, n, err)
						return
					}
				}
			})
		}
		wg.Wait()
		if n, err := v.ReadAt(make([]byte, 1), v.Size); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("%s: at the end: %d, %v", name, n, err)
		}
		if _, err := v.ReadAt(make([]byte, 1), -1); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("%s: before the start: %v", name, err)
		}
	}
}

// damagedReader says of all bytes that their checksum is wrong, or cannot read behind a place.
type damagedReader struct {
	*bytes.Reader
	end int64
}

func (d damagedReader) ReadAt(b []byte, off int64) (int, error) {
	if d.end > 0 && off >= d.end {
		return 0, io.ErrClosedPipe
	}
	n, err := d.Reader.ReadAt(b, off)
	if err == nil && d.end == 0 {
		err = binread.Checksum("cluster 7")
	}
	return n, err
}

func TestErrorsOfTheVolumeBelowAreNotHidden(t *testing.T) {
	b := image(t, "luks1-plain")
	v, _ := opened(t, b, keyOf("*", passphrase))
	want := content(t, v)
	p, ok := v.ReaderAt.(*plain)
	if !ok {
		t.Fatalf("%T", v.ReaderAt)
	}
	p.r = damagedReader{Reader: bytes.NewReader(b)}
	got := make([]byte, 3000)
	if n, err := v.ReadAt(got, 100); n != len(got) || !errors.Is(err, binread.ErrChecksum) || !bytes.Equal(got, want[100:3100]) {
		t.Errorf("damaged: %d bytes, %v; want all, decrypted, and the damage", n, err)
	}
	p.r = damagedReader{bytes.NewReader(b), p.p.offset + 4096}
	if n, err := v.ReadAt(got, 4000); n >= len(got) || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("failing: %d bytes, %v", n, err)
	}
}

func TestACancelledSearchEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	key := volume.Key{Device: "*", Secret: func() ([]byte, error) {
		calls++
		cancel()
		return []byte("wrong"), nil
	}}
	_, err := Format.Open(ctx, []*volume.Volume{volumeOf(image(t, "luks2-slots"))}, volume.Options{Keys: []volume.Key{key, key}})
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("%v after %d keys, want it cancelled after the first", err, calls)
	}
}
