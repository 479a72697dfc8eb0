package verdicts

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func key(n byte) (k [32]byte) {
	k[0] = n
	return k
}

func kept(t *testing.T, path, version string, limit int64, n byte) string {
	t.Helper()
	s := Open(path, version, limit)
	v, ok := s.Get(key(n))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if !ok {
		return "nothing"
	}
	return string(v)
}

func keep(t *testing.T, path, version string, limit int64, n byte, value string) {
	t.Helper()
	s := Open(path, version, limit)
	s.Put(key(n), []byte(value))
	if v, ok := s.Get(key(n)); !ok || string(v) != value {
		t.Errorf("before it is written it is %q, %v, want %q", v, ok, value)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsKept(t *testing.T) {
	const much = 1 << 30
	path := filepath.Join(t.TempDir(), "new", "verdicts")
	if got := kept(t, path, "1", much, 1); got != "nothing" {
		t.Errorf("a file that is not there has %q", got)
	}
	keep(t, path, "1", much, 1, "a")
	keep(t, path, "1", much, 2, "b")
	if a, b := kept(t, path, "1", much, 1), kept(t, path, "1", much, 2); a != "a" || b != "b" {
		t.Errorf("got %q and %q, want a and b", a, b)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v, want a file for its owner alone", info, err)
	}
	if got := kept(t, path, "2", much, 1); got != "nothing" {
		t.Errorf("another version of the program has %q", got)
	}
	keep(t, path, "2", much, 3, "c")
	if got := kept(t, path, "1", much, 1); got != "nothing" {
		t.Errorf("the version before has %q still", got)
	}
	keep(t, path, "2", 1, 4, "d")
	if got := kept(t, path, "2", much, 3); got != "nothing" {
		t.Errorf("a file over its limit has %q still", got)
	}
}

// TestDamage overwrites parts of the file: what is not there is not kept, and the next scan makes the file anew.
func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "verdicts")
	whole := Open(path, "1", 1<<30)
	for n := range byte(200) {
		whole.Put(key(n), bytes.Repeat([]byte{n}, 100))
	}
	if err := whole.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		b := bytes.Clone(good[:len(good)-r.IntN(2)*r.IntN(len(good))])
		for range 1 + r.IntN(300) {
			if len(b) > 0 {
				b[r.IntN(len(b))] = byte(r.IntN(256))
			}
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s := Open(path, "1", 1<<30)
		for n := range byte(200) {
			s.Get(key(n))
		}
		s.Put(key(1), []byte("new"))
		_ = s.Close() // that nothing could be kept is allowed
	}
}

func TestSeveralScansAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "verdicts")
	keep(t, path, "1", 1<<30, 1, "a")
	one, two := Open(path, "1", 1<<30), Open(path, "1", 1<<30)
	for i, s := range []*Store{one, two} {
		if v, ok := s.Get(key(1)); !ok || string(v) != "a" {
			t.Errorf("scan %d reads %q, %v", i, v, ok)
		}
		s.Put(key(byte(10+i)), []byte("b"))
	}
	if err := two.db.Close(); err != nil { // else one waits for it
		t.Fatal(err)
	}
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	if got := kept(t, path, "1", 1<<30, 10); got != "b" {
		t.Errorf("got %q, want b", got)
	}
}

// TestAFileThatOthersCanWriteToIsNone keeps what somebody else wrote from being believed.
func TestAFileThatOthersCanWriteToIsNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "verdicts")
	keep(t, path, "1", 1<<30, 1, "one")
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if got := kept(t, path, "1", 1<<30, 1); got != "nothing" {
		t.Errorf("got %q of a file with mode 0666", got)
	}
	keep(t, path, "1", 1<<30, 2, "two")
	if got := kept(t, path, "1", 1<<30, 1) + kept(t, path, "1", 1<<30, 2); got != "nothingtwo" {
		t.Errorf("got %q, want what was kept anew", got)
	}
}

// TestWhatOneScanKeepsIsBounded puts more than it keeps.
func TestWhatOneScanKeepsIsBounded(t *testing.T) {
	s := Open(filepath.Join(t.TempDir(), "verdicts"), "1", 1<<30)
	s.Put(key(1), make([]byte, maxFresh))
	s.Put(key(2), make([]byte, 1))
	if _, ok := s.Get(key(1)); !ok {
		t.Error("the first value is not kept")
	}
	if _, ok := s.Get(key(2)); ok {
		t.Error("a value beyond the limit is kept")
	}
}
