package checksums

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// journals were made by systemd-journal-remote 252 of 60 entries, some of them compressed, with hashes of its own or Jenkins', and in the
// compact form. journalctl --verify passes them.
var journals = []string{"keyed", "plain", "compact"}

func fileOf(b []byte) File { return File{ReaderAt: bytes.NewReader(b), Size: int64(len(b))} }

func readJournal(tb testing.TB, name string) []byte {
	tb.Helper()
	return unzipped(tb, name+".journal.gz")
}

func unzipped(tb testing.TB, name string) []byte {
	tb.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func verify(tb testing.TB, b []byte) Result {
	tb.Helper()
	r, err := Journal(context.Background(), fileOf(b))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func TestHashes(t *testing.T) {
	var key [16]byte
	var b []byte
	for i := range key {
		key[i] = byte(i)
		b = append(b, byte(i))
	}
	if got := siphash24(key, b[:15]); got != 0xa129ca6149be45e5 { // of the paper
		t.Errorf("siphash24 %#x", got)
	}
	for text, want := range map[string]uint64{"": 0xdeadbeefdeadbeef, "Four score and seven years ago": 0x17770551ce7226e6} { // of lookup3.c
		if got := jenkins64([]byte(text)); got != want {
			t.Errorf("jenkins64(%q) %#x, want %#x", text, got, want)
		}
	}
}

func TestWholeJournalsPass(t *testing.T) {
	for _, name := range journals {
		if r := verify(t, readJournal(t, name)); len(r.Problems) > 0 || r.Verified < 100 || r.Open {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// used is how many bytes of a journal hold something.
func used(b []byte) int {
	tail := binary.LittleEndian.Uint64(b[136:])
	return int(tail + binary.LittleEndian.Uint64(b[tail+8:]))
}

// TestJournalFindsWhatJournalctlFinds overwrites bytes: whatever journalctl --verify says is wrong is found here.
func TestJournalFindsWhatJournalctlFinds(t *testing.T) {
	_, missing := exec.LookPath("journalctl")
	count := 30
	if testing.Short() {
		count = 10
	}
	for _, name := range journals {
		whole := readJournal(t, name)
		end := used(whole)
		random := rand.New(rand.NewPCG(252, 1))
		found, theirs := 0, 0
		for range count {
			b := bytes.Clone(whole)
			// Most of the file is a hash table of zeros: half of the places are behind it.
			at := random.IntN(end)
			if random.IntN(2) == 0 {
				at = end - 1 - random.IntN(20_000)
			}
			b[at] ^= byte(1 + random.IntN(255))
			ours := len(verify(t, b).Problems) > 0
			if ours {
				found++
			}
			if missing != nil || !journalctlFinds(t, b) {
				continue
			}
			theirs++
			if !ours {
				t.Errorf("%s: a byte at %#x: journalctl finds it", name, at)
			}
		}
		t.Logf("%s: %d of %d found, %d by journalctl", name, found, count, theirs)
		if found < count/3 {
			t.Errorf("%s: %d of %d are found", name, found, count)
		}
	}
}

func journalctlFinds(t *testing.T, b []byte) bool {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.journal")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "journalctl", "--verify", "--file="+file).CombinedOutput()
	return err != nil && !strings.Contains(string(out), "Failed to open")
}

func TestDamagedJournals(t *testing.T) {
	whole := readJournal(t, "keyed")
	le := binary.LittleEndian
	message := bytes.Index(whole, []byte("MESSAGE=message number 13"))
	for _, c := range []struct {
		name   string
		damage func(b []byte) []byte
		text   string
		open   bool
	}{
		{"a letter of a message", func(b []byte) []byte { b[message+10] ^= 1; return b }, "the hash of a field is", false},
		{"a letter, while it was written", func(b []byte) []byte { b[message+10] ^= 1; b[16] = 1; return b }, "the hash of a field is", true},
		{"magic", func(b []byte) []byte { b[0]++; return b }, "no journal", false},
		{"cut off", func(b []byte) []byte { return b[:used(b)/2&^7] }, "in a file|the file has", false},
		{"too short for a header", func(b []byte) []byte { return b[:100] }, "want a header", false},
		{"header of no bytes", func(b []byte) []byte { le.PutUint64(b[88:], 0); return b }, "header of 0 bytes", false},
		{"last object far away", func(b []byte) []byte { le.PutUint64(b[136:], 1<<60); return b }, "the last object at", false},
		{"number of entries", func(b []byte) []byte { b[152]++; return b }, "61 entries, and there are 60", false},
		{"number of objects", func(b []byte) []byte { b[144]++; return b }, "objects, and there are", false},
		{"an object of no type", func(b []byte) []byte { b[message-64] = 9; return b }, "object of the type 9", false},
		{"an object of no bytes", func(b []byte) []byte { le.PutUint64(b[message-64+8:], 0); return b }, "object of 0 bytes", false},
		{"an object longer than the file", func(b []byte) []byte { le.PutUint64(b[message-64+8:], 1<<62); return b }, "object of 4611686018427387904 bytes", false},
		{"state", func(b []byte) []byte { b[16] = 7; return b }, "state 7", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := verify(t, c.damage(bytes.Clone(whole)))
			if len(r.Problems) == 0 {
				t.Fatal("nothing is found")
			}
			ok := false
			for text := range strings.SplitSeq(c.text, "|") {
				ok = ok || strings.Contains(r.Problems[0].String(), text)
			}
			if !ok || r.Open != c.open {
				t.Errorf("%v, open %t, want %q", r.Problems[0], r.Open, c.text)
			}
		})
	}
}

func TestUnknownFlagsAreNotJudged(t *testing.T) {
	b := readJournal(t, "keyed")
	b[13] = 1
	if r, err := Journal(t.Context(), fileOf(b)); err == nil {
		t.Errorf("%+v", r)
	}
}

// objectsOf are the first objects of a journal behind its hash tables, and where the last one of them begins.
func objectsOf(b []byte) (objects []byte, last int) {
	le := binary.LittleEndian
	next := func(at int) int { return at + int(le.Uint64(b[at+8:])+7)&^7 }
	at := int(le.Uint64(b[88:]))
	for b[at] == dataHashTable || b[at] == fieldHashTable {
		at = next(at)
	}
	from := at
	for range 20 {
		last, at = at-from, next(at)
	}
	return b[from:at], last
}

// FuzzJournal puts objects behind a header.
func FuzzJournal(f *testing.F) {
	const header = 272
	for _, name := range journals {
		objects, last := objectsOf(readJournal(f, name))
		f.Add(readJournal(f, name)[:header], objects, uint16(last))
	}
	f.Fuzz(func(t *testing.T, head, objects []byte, last uint16) {
		b := make([]byte, header, header+len(objects))
		copy(b, head)
		b = append(b, objects...)
		le := binary.LittleEndian
		le.PutUint64(b[88:], header)
		le.PutUint64(b[96:], uint64(len(objects)))
		le.PutUint64(b[136:], header+uint64(last)&^7)
		r, err := Journal(t.Context(), fileOf(b))
		if err == nil && len(r.Problems) > maxProblems {
			t.Errorf("%d problems", len(r.Problems))
		}
	})
}
