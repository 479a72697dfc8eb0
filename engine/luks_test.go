package engine_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/cache"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/internal/conformance"
)

// keysOf are the keys of luks.img: of the root on p1, and of /home on p2.
func keysOf(t *testing.T, secrets ...string) []volume.Key {
	t.Helper()
	var keys []volume.Key
	for i := 0; i < len(secrets); i += 2 {
		keys = append(keys, volume.Key{Device: secrets[i], Secret: func() ([]byte, error) { return []byte(secrets[i+1]), nil }})
	}
	return keys
}

func openWith(t *testing.T, path string, opts engine.Options) *engine.Machine {
	t.Helper()
	m, err := engine.Open(t.Context(), []string{path}, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// drawn is what was found on the disks, in one line.
func drawn(m *engine.Machine) string {
	var b strings.Builder
	for _, v := range m.Volumes {
		fmt.Fprintf(&b, "%s=%s", v.Name, v.Content)
		if v.Err != nil {
			b.WriteString("!")
		}
		b.WriteString(" ")
	}
	for _, g := range m.Guests {
		for _, mt := range g.Mounts {
			fmt.Fprintf(&b, "%s:%s ", mt.Target, mt.Device)
		}
	}
	return strings.TrimSpace(b.String())
}

func TestEncryptedVolumesAreOpenedWithTheirKeys(t *testing.T) {
	path := unpack(t, "luks.img.gz")
	const root, home = "the passphrase", "another passphrase"
	for _, c := range []struct {
		name string
		keys []volume.Key
		want string
	}{
		{"no key", nil, "disk=gpt p1=LUKS p2=LUKS p1.luks=! p2.luks=!"},
		{"key of the root", keysOf(t, "p1", root), "disk=gpt p1=LUKS p2=LUKS p1.luks=ext4 p2.luks=! /:p1.luks /home:"},
		{"both keys", keysOf(t, "1", root, "6c554b53-0000-4000-8000-000000000012", home), "disk=gpt p1=LUKS p2=LUKS p1.luks=ext4 p2.luks=ext4 /:p1.luks /home:p2.luks"},
		{"keys that are tried", keysOf(t, "*", home, "*", root), "disk=gpt p1=LUKS p2=LUKS p1.luks=ext4 p2.luks=ext4 /:p1.luks /home:p2.luks"},
		{"keys of each other", keysOf(t, "p1", home, "p2", root), "disk=gpt p1=LUKS p2=LUKS p1.luks=! p2.luks=!"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := openWith(t, path, engine.Options{Keys: c.keys})
			if d := cmp.Diff(c.want, drawn(m)); d != "" {
				t.Error(d)
			}
			if len(m.Guests) == 0 {
				_, err := m.Select(t.Context(), "auto")
				if !errors.Is(err, binread.ErrEncrypted) || binread.HintOf(err) == "" {
					t.Errorf("%v, hint %q", err, binread.HintOf(err))
				}
			}
		})
	}
	m := openWith(t, path, engine.Options{Keys: keysOf(t, "*", home, "*", root)})
	b, err := m.Guests[0].ReadFile("/home/anna/letter", 100)
	if err != nil || string(b) != "nobody else reads this\n" {
		t.Errorf("%q, %v", b, err)
	}
	for _, p := range m.Guests[0].Problems {
		t.Errorf("problem: %v", p)
	}
}

// TestFactsOfAnEncryptedDiskAreKeptForTheirKeys gathers with and without the key of /home, in both orders: what one of them kept must
// not be served to the other.
func TestFactsOfAnEncryptedDiskAreKeptForTheirKeys(t *testing.T) {
	path := unpack(t, "luks.img.gz")
	const root, home = "the passphrase", "another passphrase"
	some, all := keysOf(t, "p1", root), keysOf(t, "p1", root, "p2", home)
	wrong := keysOf(t, "p1", root, "p2", "wrong")
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for name, order := range map[string][][]volume.Key{
		"closed first": {some, wrong, all, some}, "open first": {all, some, wrong, all},
	} {
		c := &cache.Cache{Dir: filepath.Join(t.TempDir(), "cache"), Version: "1", Limit: 1 << 20}
		for i, keys := range order {
			m := openWith(t, path, engine.Options{Keys: keys, Cache: c})
			m.Identity.Settled = true
			doc, err := m.Facts(t.Context(), m.Guests[0], facts.Request{Domains: []string{"disks"}}, now)
			if err != nil {
				t.Fatal(err)
			}
			disks, _ := facts.Get[facts.Disks](doc, "disks")
			p := (*disks)[0].Partitions[3]
			if open := len(keys) == 2 && &keys[0] == &all[0]; p.Device != "p2.luks" || (p.Unread == "") != open || p.Encrypted != "aes-cbc-essiv:sha256" {
				t.Errorf("%s, opening %d: %+v, want it open: %v", name, i+1, p, open)
			}
		}
		b, err := os.ReadDir(c.Dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range b {
			kept, err := os.ReadFile(filepath.Join(c.Dir, e.Name()))
			if err != nil || bytes.Contains(kept, []byte(root)) || bytes.Contains(kept, []byte(home)) {
				t.Errorf("%s: a key was kept, or %v", e.Name(), err)
			}
		}
	}
}

// sealedDisk writes a volume whose header is detached, and the header.
func sealedDisk(t *testing.T) (disk, header string) {
	t.Helper()
	var paths []string
	for _, name := range []string{"luks2-detached", "luks2-detached.header"} {
		f, err := os.Open("volume/luks/testdata/" + name + ".img.zst")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		z, err := zstd.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		b, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, write(t, b))
	}
	return paths[0], paths[1]
}

func TestADetachedHeaderIsUsedAndWatched(t *testing.T) {
	disk, header := sealedDisk(t)
	keys := keysOf(t, "disk", "the passphrase")
	m := openWith(t, disk, engine.Options{Keys: keys, Headers: []engine.Header{{Device: "disk", File: header}}})
	if got := drawn(m); got != "disk=LUKS luks=ext4" || len(m.Files()) != 2 || len(m.Problems) > 0 {
		t.Errorf("%s, %d files, problems %q", got, len(m.Files()), m.Problems)
	}
	if err := m.Unchanged(); err != nil {
		t.Error(err)
	}
	if err := os.Chtimes(header, time.Unix(0, 0), time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	if err := m.Unchanged(); !errors.Is(err, engine.ErrChanged) {
		t.Errorf("the header was written to: %v, want %v", err, engine.ErrChanged)
	}
	without := openWith(t, disk, engine.Options{Keys: keys})
	if got := drawn(without); got != "disk=" || without.Identity.Digest == m.Identity.Digest {
		t.Errorf("without its header: %s, the same identity: %v", got, without.Identity.Digest == m.Identity.Digest)
	}
	stray := openWith(t, disk, engine.Options{Keys: keys, Headers: []engine.Header{{Device: "p9", File: header}}})
	if len(stray.Problems) != 1 || !strings.Contains(stray.Problems[0], "p9") {
		t.Errorf("a header for no volume: problems %q", stray.Problems)
	}
	other := openWith(t, disk, engine.Options{Headers: []engine.Header{{Device: "disk", File: disk}}})
	if !errors.Is(other.Volumes[0].Err, binread.ErrUnsupported) {
		t.Errorf("a header that is none: %v", other.Volumes[0].Err)
	}
	if _, err := engine.Open(context.Background(), []string{disk}, engine.Options{Headers: []engine.Header{{Device: "disk", File: "missing"}}}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a header that is missing: %v", err)
	}
}

// TestAVolumeGroupInAnEncryptedDisk goes from the bare disk to what is mounted: LUKS, LVM, ext4.
func TestAVolumeGroupInAnEncryptedDisk(t *testing.T) {
	path := unpack(t, "lvm-on-luks.img.gz")
	m := openWith(t, path, engine.Options{Keys: keysOf(t, "disk", "the passphrase")})
	if d := cmp.Diff("disk=LUKS luks=lvm vault/root=ext4 vault/home=ext4 /:vault/root /home:vault/home", drawn(m)); d != "" {
		t.Error(d)
	}
	for _, v := range m.Volumes[1:] {
		if v.Encrypted() != "aes-xts-plain64" {
			t.Errorf("%s is encrypted by %q", v.Name, v.Encrypted())
		}
	}
	b, err := m.Guests[0].ReadFile("/home/berta/letter", 100)
	if err != nil || string(b) != "nor this\n" {
		t.Errorf("%q, %v", b, err)
	}
	if got := drawn(openWith(t, path, engine.Options{})); got != "disk=LUKS luks=!" {
		t.Errorf("without a key: %s", got)
	}
}

// TestLUKSInALogicalVolume has three layers below it: a partition, a physical volume and a logical volume.
func TestLUKSInALogicalVolume(t *testing.T) {
	disk := groupDisks(t, "nested")[0]
	bare := openWith(t, disk, engine.Options{})
	i := slices.IndexFunc(bare.Volumes, func(v engine.Volume) bool { return v.Name == "inner-vg/whole" })
	b, err := conformance.ReadFile("volume/luks/testdata/qemu.img.zst")
	if err != nil || i < 0 {
		t.Fatal(i, err)
	}
	at, ok := bare.Volumes[i].Bottom(0, int64(len(b)))
	if !ok || at.Len != int64(len(b)) {
		t.Fatalf("inner-vg/whole is at %+v, want it in one piece", at)
	}
	f, err := os.OpenFile(disk, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.WriteAt(b, at.Off); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	m := openWith(t, disk, engine.Options{Keys: keysOf(t, "inner-vg/whole", "the passphrase")})
	i = slices.IndexFunc(m.Volumes, func(v engine.Volume) bool { return v.Name == "inner-vg/whole.luks" })
	if i < 0 {
		t.Fatalf("found %s", drawn(m))
	}
	v := m.Volumes[i]
	got, err := binread.ReadAt(v, 0, 160<<10, 1<<20) // what qemu-img filled, and the volume is larger
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("volume/luks/testdata/content")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(got); !bytes.Contains(want, []byte(hex.EncodeToString(sum[:]))) {
		t.Errorf("the %d bytes of %s are not those that qemu-img wrote", len(got), v.Name)
	}
}
