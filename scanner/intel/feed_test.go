package intel

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
)

// many is n digests that have nothing in common.
func many(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		s := sha256.Sum256(binary.BigEndian.AppendUint32(nil, uint32(i)))
		all[i] = s[:]
	}
	return all
}

// feedOf compiles digests, with a little memory so that most of them go through the disk.
func feedOf(t testing.TB, sums [][]byte, good bool, budget int) *Feed {
	t.Helper()
	b, err := newBuilder(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}()
	b.good = good
	b.begin("feed", "test")
	if table, err := b.table(SHA256, 32); err != nil {
		t.Fatal(err)
	} else if budget > 0 {
		table.budget = budget
	}
	for i, s := range sums {
		if err := b.add(Indicator{Term{Kind: SHA256, Value: hex.EncodeToString(s)}, Info{Label: fmt.Sprint("family ", i%7)}}); err != nil {
			t.Fatal(err)
		}
	}
	out := &spool{}
	if err := b.write(out); err != nil {
		t.Fatal(err)
	}
	f, err := Open(out, out.size)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEveryDigestIsFoundAndNoOther(t *testing.T) {
	for _, n := range []int{0, 1, 112, 113, 114, 127, 128, 129, 5000} { // 113 fit in a block, and 127 without numbers
		for _, good := range []bool{false, true} {
			sums := many(2 * n)
			f := feedOf(t, sums[:n], good, 4096)
			if err := f.Verify(t.Context()); err != nil {
				t.Fatal(err)
			}
			for i, s := range sums {
				infos, found, err := f.Lookup(SHA256, s)
				if err != nil || found != (i < n) {
					t.Fatalf("digest %d of %d: found %t, %v", i, n, found, err)
				}
				if !found || good {
					continue
				}
				info, err := f.Info(infos[0])
				if want := fmt.Sprint("family ", i%7); err != nil || len(infos) != 1 || info.Label != want {
					t.Fatalf("digest %d: %v %q %v, want one of %q", i, infos, info.Label, err, want)
				}
			}
			if got := f.Meta().Counts[SHA256]; got != int64(n) {
				t.Errorf("%d digests are counted as %d", n, got)
			}
		}
	}
}

// TestDigestsThatAreNotSpread asks for digests that all begin alike, where no guess of the place is right.
func TestDigestsThatAreNotSpread(t *testing.T) {
	var sums [][]byte
	for i := range 3000 {
		sums = append(sums, append(make([]byte, 28), binary.BigEndian.AppendUint32(nil, uint32(2*i+1))...))
	}
	sums = append(sums, bytes.Repeat([]byte{0xff}, 32))
	f := feedOf(t, sums, false, 0)
	for i, s := range sums {
		if _, found, err := f.Lookup(SHA256, s); !found || err != nil {
			t.Fatalf("digest %d is not found: %v", i, err)
		}
		s = bytes.Clone(s)
		s[31]--
		if _, found, err := f.Lookup(SHA256, s); found || err != nil {
			t.Fatalf("digest %d less one is found: %v", i, err)
		}
	}
}

func TestOneDigestOfManyFamilies(t *testing.T) {
	b, err := newBuilder(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	b.most = 1000
	b.begin("feed", "test")
	for range 2 {
		for i := range 100 { // so that those of the one digest begin near the end of a block
			sum := fmt.Sprintf("%064x", i+1)
			if err := b.add(Indicator{Term: Term{Kind: SHA256, Value: sum}}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 150 { // more than a block has room for
			if err := b.add(Indicator{Term{Kind: SHA256, Value: nistSHA256}, Info{Label: strconv.Itoa(i)}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	f := compiled(t, b)
	sum, err := hex.DecodeString(nistSHA256)
	if err != nil {
		t.Fatal(err)
	}
	infos, _, err := f.Lookup(SHA256, sum)
	if err != nil || len(infos) != maxMatches {
		t.Errorf("%d infos, %v, want %d", len(infos), err, maxMatches)
	}
	if n := f.Meta().Counts[SHA256]; n != 250 {
		t.Errorf("%d entries, want 250: repetitions are one", n)
	}
}

// compiledFile is a small feed with something of everything, as bytes.
func compiledFile(t testing.TB) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.intel")
	list := write(t, "list.txt", nistSHA256+";family\n"+nistMD5+"\nevil.example.com\n/tmp/x*\nnothing at all\n")
	if _, err := Build(t.Context(), out, []string{list}, false); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func openVerify(ctx context.Context, content []byte) error {
	f, err := Open(reader(content), int64(len(content)))
	if err != nil {
		return err
	}
	return f.Verify(ctx)
}

// TestDamageIsFound changes each byte of a compiled feed, of the many zeros each 31st, and cuts it off in many places.
func TestDamageIsFound(t *testing.T) {
	content := compiledFile(t)
	if err := openVerify(t.Context(), content); err != nil {
		t.Fatal(err)
	}
	for i := range content {
		if content[i] == 0 && i%31 != 0 {
			continue
		}
		content[i] ^= 0x20
		err := openVerify(t.Context(), content)
		if err == nil {
			t.Fatalf("byte 0x%x: no error", i)
		}
		content[i] ^= 0x20
	}
	for n := 0; n < len(content); n += 1000 {
		if err := openVerify(t.Context(), content[:n]); err == nil {
			t.Errorf("cut off at %d: no error", n)
		}
	}
}

// TestDamageIsNeverCleanOnScan damages the block that a digest is in: the file is not looked into, which is told.
func TestDamageIsNeverCleanOnScan(t *testing.T) {
	content := compiledFile(t)
	f, err := Open(reader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	content[f.digests(SHA256).offset] ^= 1
	sum, err := hex.DecodeString(nistSHA256)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Lookup(SHA256, sum); !errors.Is(err, binread.ErrCorrupt) {
		t.Errorf("got %v, want damage", err)
	}
}

func TestHeadersThatLie(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(h *header)
		want   error
	}{
		{"a section beyond the end", func(h *header) { h.sections[0].offset = h.size + page }, binread.ErrCorrupt},
		{"a length beyond the end", func(h *header) { h.sections[0].length = 1 << 62 }, binread.ErrCorrupt},
		{"a negative length", func(h *header) { h.sections[0].length = -page }, binread.ErrCorrupt},
		{"more digests than there is room for", func(h *header) { h.sections[0].count = 1 << 40 }, binread.ErrCorrupt},
		{"a negative count", func(h *header) { h.sections[0].count = -1 }, binread.ErrCorrupt},
		{"the same section twice", func(h *header) { h.sections[1].kind = h.sections[0].kind }, binread.ErrCorrupt},
		{"an index of other infos", func(h *header) {
			for i := range h.sections {
				if h.sections[i].kind == sectionIndex {
					h.sections[i].count, h.sections[i].length = 0, 0
				}
			}
		}, binread.ErrCorrupt},
		{"flags of the future", func(h *header) { h.flags = 2 }, binread.ErrUnsupported},
		{"no section about the feed", func(h *header) { h.sections = h.sections[:len(h.sections)-1] }, binread.ErrCorrupt},
	} {
		t.Run(c.name, func(t *testing.T) {
			content := compiledFile(t)
			h, err := decodeHeader(content[:page], int64(len(content)))
			if err != nil {
				t.Fatal(err)
			}
			c.change(&h)
			copy(content, h.encode())
			if _, err := Open(reader(content), int64(len(content))); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestSorterMergesRuns(t *testing.T) {
	s, err := newSpool(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	sums := many(1000)
	order := rand.New(rand.NewPCG(1, 2)).Perm(len(sums))
	table := &sorter{width: 32, budget: 32 * 10, spool: s}
	for range 2 {
		for _, i := range order {
			if err := table.add(sums[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	var last []byte
	n := 0
	err = table.sorted(func(record []byte) error {
		if bytes.Compare(last, record) >= 0 {
			t.Errorf("%x after %x", record, last)
		}
		last = bytes.Clone(record)
		n++
		return nil
	})
	if err != nil || n != len(sums) || len(table.runs) < 100 {
		t.Errorf("%d records in %d runs, %v, want %d", n, len(table.runs), err, len(sums))
	}
}

func FuzzCompiled(f *testing.F) {
	f.Add(compiledFile(f), uint32(0), byte(0))
	f.Add(feedBytes(f), uint32(page), byte(1))
	f.Fuzz(func(t *testing.T, content []byte, at uint32, flip byte) {
		if len(content) > 0 {
			content = bytes.Clone(content)
			content[int(at)%len(content)] ^= flip
		}
		feed, err := Open(reader(content), int64(len(content)))
		if err != nil {
			return
		}
		_ = feed.Verify(t.Context()) // damage is an error; nothing may panic
		for _, d := range digests() {
			_, _, _ = feed.Lookup(d.kind, sum(d.hash, nil))
		}
		for n := range uint32(3) {
			_, _ = feed.Info(n)
		}
	})
}

func feedBytes(t testing.TB) []byte {
	t.Helper()
	f := feedOf(t, many(300), true, 0)
	s, ok := f.r.(*spool)
	if !ok {
		t.Fatal("a feed that is not in memory")
	}
	return s.mem
}

// BenchmarkLookup looks digests up in a compiled feed on the disk: 1 M of them, and 20,000 with -short.
func BenchmarkLookup(b *testing.B) {
	n := 1_000_000
	if testing.Short() {
		n = 20_000
	}
	sums := many(2 * n)
	s, ok := feedOf(b, sums[:n], false, 0).r.(*spool)
	if !ok {
		b.Fatal("a feed that is not in memory")
	}
	name := filepath.Join(b.TempDir(), "feed.intel")
	if err := os.WriteFile(name, s.mem, 0o600); err != nil {
		b.Fatal(err)
	}
	f, err := OpenFile(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	random := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		i := random.IntN(len(sums))
		if _, found, err := f.Lookup(SHA256, sums[i]); err != nil || found != (i < n) {
			b.Fatalf("digest %d: %t %v", i, found, err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lookups/s")
}
