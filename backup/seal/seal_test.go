package seal

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/backup/cycle"
	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const bareImage = "../../testdata/images/bare-ext4.img.gz"

func day(n int) time.Time { return time.Date(2026, 11, n, 3, 0, 0, 0, time.UTC) }

// bare returns the path of the small image of one ext4 file system, in a directory of its own.
func bare(t testing.TB) string {
	t.Helper()
	f, err := os.Open(bareImage)
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
	path := filepath.Join(t.TempDir(), "disk.raw")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func openMachine(t testing.TB, path string) *engine.Machine {
	t.Helper()
	m, err := engine.Open(t.Context(), []string{path}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func qemu(t *testing.T, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(args[0]); err != nil {
		t.Skip(err)
	}
	if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// memory is a disk in memory.
type memory []byte

func (m memory) ReadAt(p []byte, off int64) (int, error) { return bytes.NewReader(m).ReadAt(p, off) }
func (m memory) Close() error                            { return nil }
func (m memory) Size() int64                             { return int64(len(m)) }
func (m memory) Description() image.Description          { return image.Description{Format: "raw"} }
func (m memory) Extent(off, n int64) (image.Extent, error) {
	return image.Extent{Off: off, Len: n}, nil
}

func sealOf(t testing.TB, img image.Image) *Manifest {
	t.Helper()
	var b bytes.Buffer
	made, err := Seal(t.Context(), img, &b, Options{Created: day(1)})
	if err != nil {
		t.Fatal(err)
	}
	m, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	if m.ID() != made.ID() || m.Root != made.Root {
		t.Errorf("read back %s with root %s, made %s with %s", m.ID(), m.Root, made.ID(), made.Root)
	}
	return m
}

// TestDigestsAreThoseOfTheGuestBytes holds the seal against SHA-256 of the raw disk, and its root against a tree made by the definition
// of RFC 9162, 2.1.1.
func TestDigestsAreThoseOfTheGuestBytes(t *testing.T) {
	path := bare(t)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 65535, 65536, 65537, 3 * 65536, 5*65536 + 1, len(b)} {
		m := sealOf(t, memory(b[:size]))
		var leaves [][]byte
		for i := range m.Chunks() {
			part := b[i*minChunk : min((i+1)*minChunk, size)]
			want := sha256.Sum256(part)
			got, used := m.digest(i)
			if zero := len(bytes.Trim(part, "\x00")) == 0; used == zero || used && got != want {
				t.Errorf("%d bytes: chunk %d has %x, used %t, want %x", size, i, got, used, want)
			}
			leaves = append(leaves, want[:])
		}
		if want := fmt.Sprintf("%x", mth(leaves)); m.Root != want {
			t.Errorf("%d bytes: root %s, want %s", size, m.Root, want)
		}
	}
}

func mth(leaves [][]byte) []byte {
	if len(leaves) == 1 {
		sum := sha256.Sum256(append([]byte{0}, leaves[0]...))
		return sum[:]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	sum := sha256.Sum256(slices.Concat([]byte{1}, mth(leaves[:k]), mth(leaves[k:])))
	return sum[:]
}

// TestTheRootIsThatOfTheDisk seals one disk in several containers, of which each knows other holes.
func TestTheRootIsThatOfTheDisk(t *testing.T) {
	path := bare(t)
	want := sealOf(t, openMachine(t, path).Disks[0].Image)
	for _, args := range [][]string{{"-O", "qcow2"}, {"-O", "qcow2", "-c"}, {"-S", "0", "-O", "raw"}, {"-O", "qcow2", "-S", "0"}} {
		other := filepath.Join(t.TempDir(), "other")
		qemu(t, append(append([]string{"qemu-img", "convert"}, args...), path, other)...)
		m := openMachine(t, other)
		if got := sealOf(t, m.Disks[0].Image); got.Root != want.Root {
			t.Errorf("%v: root %s, want %s", args, got.Root, want.Root)
		}
		r, err := CheckMachine(t.Context(), m, want, CheckOptions{Now: day(2)})
		if err != nil || len(r.Damaged) > 0 || !r.Whole {
			t.Errorf("%v: %+v, %v", args, r, err)
		}
	}
}

func TestTheIdentityIsInTheSeal(t *testing.T) {
	var b bytes.Buffer
	m, err := Machine(t.Context(), openMachine(t, "../../testdata/images/debian12-small.qcow2"), &b, Options{Created: day(1)})
	if err != nil {
		t.Fatal(err)
	}
	again, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(m.Header, again.Header); d != "" {
		t.Error(d)
	}
	if m.Format != "qcow2" || len(m.MachineIDs) != 1 || m.FileSystems["p2"] == "" || !m.Created.Equal(day(1)) {
		t.Errorf("%+v", m.Header)
	}
}

// TestEveryOverwrittenSectorIsFound overwrites 300 sectors, one by one and all together, in an overlay that is made by qemu-io.
func TestEveryOverwrittenSectorIsFound(t *testing.T) {
	path := bare(t)
	m := sealOf(t, openMachine(t, path).Disks[0].Image)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(6, 300))
	var commands []string
	chunks := map[int64]bool{}
	for range 300 {
		sector := random.Int64N(int64(len(b)) / 512)
		sum := sha256.Sum256(fmt.Append(nil, sector))
		was := slices.Clone(b[sector*512 : sector*512+512])
		copy(b[sector*512:], bytes.Repeat(sum[:], 16))
		r, err := Check(t.Context(), memory(b), m, CheckOptions{})
		chunk := sector * 512 / m.ChunkSize * m.ChunkSize
		if err != nil || len(r.Damaged) != 1 || r.Damaged[0].Offset != chunk || r.Damaged[0].Length != m.ChunkSize {
			t.Errorf("sector %d: %+v, %v, want the chunk at %d", sector, r, err, chunk)
		}
		copy(b[sector*512:], was)
		commands = append(commands, "-c", fmt.Sprintf("write -P 0x%02x %d 512", sum[0]|1, sector*512))
		chunks[chunk] = true
	}
	overlay := filepath.Join(filepath.Dir(path), "overlay.qcow2")
	qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", "-b", "disk.raw", "-F", "raw", overlay)
	qemu(t, append([]string{"qemu-io", "-f", "qcow2"}, append(commands, overlay)...)...)
	r, err := CheckMachine(t.Context(), openMachine(t, overlay), m, CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Damaged {
		for off := d.Offset; off < d.Offset+d.Length; off += m.ChunkSize {
			if !chunks[off] {
				t.Errorf("the chunk at %d is told, and nothing was written to it", off)
			}
			delete(chunks, off)
		}
	}
	if len(chunks) > 0 {
		t.Errorf("not found: %v", chunks)
	}
	clean, err := CheckMachine(t.Context(), openMachine(t, path), m, CheckOptions{})
	if err != nil || len(clean.Damaged)+len(clean.Unread)+len(clean.Places) > 0 || !clean.Whole || clean.Changing != "" {
		t.Errorf("the image that was sealed: %+v, %v", clean, err)
	}
}

// TestDamageSaysWhatWasThere damages the content of one file, whose block debugfs tells.
func TestDamageSaysWhatWasThere(t *testing.T) {
	path := bare(t)
	m := sealOf(t, openMachine(t, path).Disks[0].Image)
	const passwd = 1831 * 1024 // debugfs -R "blocks /etc/passwd"
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("R"), passwd); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := CheckMachine(t.Context(), openMachine(t, path), m, CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(r.Places, func(p place.Place) bool {
		return p.Offset == passwd && p.Region == place.Content && p.Path == "/etc/passwd"
	}) {
		t.Errorf("%+v has no /etc/passwd", r.Places)
	}
}

func TestAnImageOfAnotherSizeIsNotTheSealed(t *testing.T) {
	m := sealOf(t, memory(bytes.Repeat([]byte{1}, 200_000)))
	r, err := Check(t.Context(), memory(bytes.Repeat([]byte{1}, 200_001)), m, CheckOptions{})
	if err != nil || r.Whole || r.Size == r.Sealed || r.Outcome().Status == "pass" {
		t.Errorf("%+v, %v", r, err)
	}
}

// unreadable is a disk of which some bytes cannot be read.
type unreadable struct {
	memory
	from, to int64
}

func (u unreadable) ReadAt(p []byte, off int64) (int, error) {
	if off < u.to && off+int64(len(p)) > u.from {
		return 0, errors.New("input/output error")
	}
	return u.memory.ReadAt(p, off)
}

func TestWhatCannotBeReadIsNeitherSealedNorWhole(t *testing.T) {
	disk := memory(bytes.Repeat([]byte{1}, 10*minChunk))
	bad := unreadable{disk, 3*minChunk + 5, 3*minChunk + 6}
	var b bytes.Buffer
	if _, err := Seal(t.Context(), bad, &b, Options{}); err == nil || b.Len() > 0 || !strings.Contains(err.Error(), "0x30000") {
		t.Errorf("sealed with %v, %d bytes", err, b.Len())
	}
	r, err := Check(t.Context(), bad, sealOf(t, disk), CheckOptions{})
	if err != nil || len(r.Damaged) > 0 || len(r.Unread) != 1 || r.Unread[0].Offset != 3*minChunk || r.Outcome().Status != "unknown" {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestAnImageThatIsWrittenToIsNotSealed writes to the image while it is read.
func TestAnImageThatIsWrittenToIsNotSealed(t *testing.T) {
	path := bare(t)
	touch := func(int64) {
		if err := os.Chtimes(path, day(1), day(1)); err != nil {
			t.Error(err)
		}
	}
	var b bytes.Buffer
	if _, err := Machine(t.Context(), openMachine(t, path), &b, Options{Progress: touch}); !errors.Is(err, engine.ErrChanged) || b.Len() > 0 {
		t.Errorf("%v, %d bytes, want %v", err, b.Len(), engine.ErrChanged)
	}
	m := openMachine(t, path)
	s := sealOf(t, m.Disks[0].Image)
	r, err := CheckMachine(t.Context(), m, s, CheckOptions{Progress: func(int64) {
		if err := os.Chtimes(path, day(2), day(2)); err != nil {
			t.Error(err)
		}
	}})
	if err != nil || r.Changing == "" || r.Outcome().Status != "unknown" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestSealingCanBeStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	var b bytes.Buffer
	_, err := Seal(ctx, memory(bytes.Repeat([]byte{1}, 20<<20)), &b, Options{Progress: func(int64) { stop() }})
	if !errors.Is(err, context.Canceled) || b.Len() > 0 {
		t.Errorf("%v, %d bytes", err, b.Len())
	}
}

// TestABudgetReadsAllInTheEnd checks a disk with one damaged chunk in runs of a few chunks each.
func TestABudgetReadsAllInTheEnd(t *testing.T) {
	disk := memory(bytes.Repeat([]byte{1}, 10*minChunk+7))
	m := sealOf(t, disk)
	damaged := slices.Clone(disk)
	damaged[8*minChunk] = 2
	for name, budget := range map[string]cycle.Budget{
		"bytes":         {Bytes: 3 * minChunk},
		"one byte":      {Bytes: 1},
		"no time":       {Spent: func() bool { return true }},
		"all":           {},
		"more than all": {Bytes: 1 << 60},
	} {
		state, at := cycle.Begin(m.ID(), m.Size), int64(0)
		var found int
		for run := 1; ; run++ {
			r, err := Check(t.Context(), damaged, m, CheckOptions{Budget: budget, Cycle: state, Now: day(run)})
			if err != nil || r.From != at || r.To <= r.From || run > 11 {
				t.Fatalf("%s: run %d: %+v, %v, want it from %d on", name, run, r, err, at)
			}
			if found = len(r.Damaged); (found == 1) != (r.To > 8*minChunk) {
				t.Errorf("%s: run %d read up to %d and found %v", name, run, r.To, r.Damaged)
			}
			if at = r.To; at == m.Size {
				break
			}
			if state.Next != at || !state.Oldest().Equal(day(1)) || !r.Cycle.Started.Equal(day(1)) {
				t.Errorf("%s: after run %d: %+v", name, run, state)
			}
		}
		if found != 1 || state.Next != 0 || !state.Oldest().Equal(day(1)) {
			t.Errorf("%s: found %d times, %+v", name, found, state)
		}
		// Damage is told in every run until it is mended, wherever the run reads.
		if r, err := Check(t.Context(), damaged, m, CheckOptions{Budget: cycle.Budget{Bytes: 1}, Cycle: state, Now: day(20)}); err != nil ||
			len(r.Damaged) != 1 || r.Outcome().Status != "fail" || r.To != minChunk {
			t.Errorf("%s: in the next cycle: %+v, %v", name, r, err)
		}
		if r, err := Check(t.Context(), disk, m, CheckOptions{Budget: cycle.Budget{Bytes: 1}, Cycle: state, Now: day(21)}); err != nil ||
			r.Outcome().Status != "pass" || len(state.Bad) > 0 {
			t.Errorf("%s: when it is mended: %+v, %v", name, r, err)
		}
	}
}

// TestHostileSeals changes what a seal says.
func TestHostileSeals(t *testing.T) {
	var whole bytes.Buffer
	if _, err := Seal(t.Context(), memory(bytes.Repeat([]byte{1}, 5*minChunk)), &whole, Options{Created: day(1)}); err != nil {
		t.Fatal(err)
	}
	header := func(change func(h map[string]any)) []byte {
		b := whole.Bytes()[len(Schema)+1:]
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		h := map[string]any{}
		if err := json.Unmarshal(line, &h); err != nil {
			t.Fatal(err)
		}
		change(h)
		text, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		out := slices.Concat([]byte(Schema+"\n"), text, []byte("\n"), rest[:len(rest)-32])
		sum := sha256.Sum256(out)
		return append(out, sum[:]...)
	}
	set := func(key string, v any) []byte { return header(func(h map[string]any) { h[key] = v }) }
	flipped := slices.Clone(whole.Bytes())
	flipped[len(flipped)-40] ^= 1
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"nothing":                       {nil, binread.ErrUnsupported},
		"an image":                      {[]byte("QFI\xfb and so on"), binread.ErrUnsupported},
		"the schema alone":              {[]byte(Schema + "\n"), binread.ErrCorrupt},
		"another version":               {[]byte("guestctl.seal/2\n{}\n"), binread.ErrUnsupported},
		"a header without an end":       {append([]byte(Schema+"\n"), bytes.Repeat([]byte{'{'}, 2*maxHeader)...), binread.ErrCorrupt},
		"a header that is no JSON":      {[]byte(Schema + "\n{\n"), binread.ErrCorrupt},
		"no size":                       {set("size", 0), binread.ErrCorrupt},
		"a negative size":               {set("size", -5), binread.ErrCorrupt},
		"a disk of 8 EiB":               {set("size", int64(1)<<62), binread.ErrLimit},
		"a disk with one more chunk":    {set("size", 6*minChunk), binread.ErrCorrupt},
		"a disk with eight more chunks": {set("size", 13*minChunk), binread.ErrCorrupt},
		"chunks of no size":             {set("chunk_size", 0), binread.ErrCorrupt},
		"chunks of a negative size":     {set("chunk_size", -minChunk), binread.ErrCorrupt},
		"chunks of 3 bytes":             {set("chunk_size", 3), binread.ErrCorrupt},
		"chunks of no power of two":     {set("chunk_size", 3*minChunk), binread.ErrCorrupt},
		"chunks of 2 GiB":               {set("chunk_size", int64(1)<<31), binread.ErrCorrupt},
		"larger chunks":                 {set("chunk_size", 2*minChunk), binread.ErrCorrupt},
		"another root":                  {set("root", strings.Repeat("0", 64)), binread.ErrCorrupt},
		"a thousand machine ids":        {set("machine_ids", make([]string, 1000)), binread.ErrLimit},
		"one bit in a digest":           {flipped, binread.ErrChecksum},
		"the last byte missing":         {whole.Bytes()[:whole.Len()-1], binread.ErrCorrupt},
		"one byte more":                 {append(slices.Clone(whole.Bytes()), 0), binread.ErrCorrupt},
		"only the header":               {whole.Bytes()[:bytes.LastIndexByte(whole.Bytes()[:200], '\n')], binread.ErrCorrupt},
		"more than any seal has":        {make([]byte, maxHeader+maxChunks/8+(maxChunks+1)*32+1), binread.ErrLimit},
	} {
		m, err := Read(bytes.NewReader(c.b))
		if !errors.Is(err, c.want) || m != nil {
			t.Errorf("%s: %v, want kind %v", name, err, c.want)
		}
	}
}

// FuzzRead reads seals that anyone may have written. One that is read is asked for every chunk, and is what it was when it is written.
func FuzzRead(f *testing.F) {
	for _, size := range []int{1, minChunk, 9*minChunk + 1} {
		var b bytes.Buffer
		disk := make([]byte, size)
		disk[size/2] = 1
		if _, err := Seal(f.Context(), memory(disk), &b, Options{Created: day(1), MachineIDs: []string{"a"}}); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
		f.Add(b.Bytes()[:b.Len()-sha256.Size])
	}
	f.Add([]byte(Schema + "\n{\"size\":9223372036854775807,\"chunk_size\":65536}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		sum := sha256.Sum256(b)
		for _, b := range [][]byte{b, append(slices.Clone(b), sum[:]...)} {
			m, err := Read(bytes.NewReader(b))
			if err != nil {
				if m != nil {
					t.Error("a seal and an error")
				}
				continue
			}
			for i := range m.Chunks() {
				m.digest(i)
			}
		}
	})
}

func TestChunksFitTheDisk(t *testing.T) {
	for size, want := range map[int64]int64{
		1: 64 << 10, 2 << 30: 64 << 10, 100 << 30: 1 << 20, 1 << 40: 1 << 20, 16 << 40: 8 << 20, 1 << 50: 1 << 29,
	} {
		if got := ChunkSize(size); got != want || size/got > maxChunks {
			t.Errorf("%d bytes: chunks of %d, want %d", size, got, want)
		}
	}
}
