package clamav

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/finding"
)

// Digests of "abc", of RFC 1321, and of the examples of FIPS 180.
const (
	md5ABC    = "900150983cd24fb0d6963f7d28e17f72"
	sha1ABC   = "a9993e364706816aba3e25717850c26c9cd0d89d"
	sha256ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
)

// loaded reads files of signatures, by their names.
func loaded(t *testing.T, files map[string]string) *Signatures {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		write(t, dir, name, content)
	}
	s, err := LoadSignatures([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFilesAreFoundByDigestAndSize(t *testing.T) {
	for _, c := range []struct {
		name, file, line string
		want             bool
	}{
		{"MD5", "a.hdb", md5ABC + ":3:Name", true},
		{"MD5 of another size", "a.hdb", md5ABC + ":4:Name", false},
		{"MD5 of another file", "a.hdb", strings.Repeat("0", 32) + ":3:Name", false},
		{"capitals", "a.hdb", strings.ToUpper(md5ABC) + ":3:Name", true},
		{"SHA-1", "a.hsb", sha1ABC + ":3:Name", true},
		{"SHA-256", "a.hsb", sha256ABC + ":3:Name", true},
		{"SHA-256 that differs in its last digit", "a.hsb", sha256ABC[:63] + "e:3:Name", false},
		{"any size", "a.hsb", sha256ABC + ":*:Name:73", true},
		{"levels around this", "a.hsb", sha256ABC + ":3:Name:73:255", true},
		{"no lowest level", "a.hsb", sha256ABC + ":3:Name::255", true},
		{"end of line of DOS", "a.hsb", sha256ABC + ":3:Name\r", true},
		{"MD5 of a file that is longer", "a.hdb", "d41d8cd98f00b204e9800998ecf8427e:3:Name", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := loaded(t, map[string]string{c.file: "# comment\n\n" + c.line + "\n"})
			matches, err := opened(t, s).Scan(t.Context(), object([]byte("abc")))
			if err != nil || (len(matches) == 1) != c.want {
				t.Fatalf("got %v, %v, want a match: %t", matches, err, c.want)
			}
			if c.want && (matches[0].Rule != "Name" || matches[0].Engine != "clamav-signatures" || matches[0].Source != c.file) {
				t.Errorf("got %+v", matches[0])
			}
		})
	}
}

func TestLinesThatAreNotUsedAreCounted(t *testing.T) {
	used := sha256ABC + ":3:Used\n"
	for _, c := range []struct{ name, line, want string }{
		{"no name", md5ABC + ":3", malformed},
		{"empty name", md5ABC + ":3:", malformed},
		{"name that does not print", md5ABC + ":3:a\x1bb", malformed},
		{"name that is too long", md5ABC + ":3:" + strings.Repeat("n", 300), malformed},
		{"digest that is too short", md5ABC[1:] + ":3:Name", malformed},
		{"digest of other letters", "g" + md5ABC[1:] + ":3:Name", malformed},
		{"digest of no algorithm", sha256ABC + sha256ABC + ":3:Name", malformed},
		{"size that is none", md5ABC + ":three:Name", malformed},
		{"negative size", md5ABC + ":-3:Name", malformed},
		{"empty file", md5ABC + ":0:Name", malformed},
		{"size beyond all numbers", md5ABC + ":99999999999999999999:Name", malformed},
		{"any size, of no level", md5ABC + ":*:Name", malformed},
		{"any size, of a level before", md5ABC + ":*:Name:72", malformed},
		{"level that is none", md5ABC + ":3:Name:x", malformed},
		{"more fields", md5ABC + ":3:Name:73:255:1", malformed},
		{"for older versions", md5ABC + ":3:Name:73:74", otherVersions},
		{"for later versions", md5ABC + ":3:Name:999", otherVersions},
		{"line that is too long", strings.Repeat("0", 2*maxSignature) + ":3:Name", malformed},
		{"zeros", "\x00\x00\x00", malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := loaded(t, map[string]string{"a.hdb": used + c.line + "\n" + used + c.line}).Describe()
			if d.Unused[c.want] != 2 || d.Rules != 1 || (len(d.Warnings) == 1) != (c.want == malformed) {
				t.Errorf("got %+v, want 2 unused as %q", d, c.want)
			}
		})
	}
}

func TestUnwantedApplicationsAreLow(t *testing.T) {
	s := loaded(t, map[string]string{"a.hdu": md5ABC + ":3:Unix.Trojan.A\n", "a.hdb": md5ABC + ":3:Unix.Trojan.B\n"})
	matches, err := opened(t, s).Scan(t.Context(), object([]byte("abc")))
	if err != nil || len(matches) != 2 || matches[0].Severity != finding.Low || matches[1].Severity != finding.Critical {
		t.Errorf("got %+v, %v", matches, err)
	}
}

func TestWhatIsForClamdIsCounted(t *testing.T) {
	s := loaded(t, map[string]string{
		"a.hdb": md5ABC + ":3:Name\n", "a.ldb": "one\n# no\ntwo\n", "b.LDB": "three", "main.cvd": "ClamAV-VDB\n\n\n", "a.cbc": "x\ny\n",
		"a.ndb": "Name:0:*:6162\nName:7:*:6162\n", "README": "not ours", "rules.yar": "not ours",
	})
	want := map[string]int{"for clamd: .ldb": 3, "for clamd: .cvd": 1, "for clamd: .cbc": 1, "unsupported target: 7": 1}
	if diff := cmp.Diff(want, s.Describe().Unused); diff != "" {
		t.Error(diff)
	}
}

func TestPathsThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	for name, path := range map[string]string{
		"missing":                 filepath.Join(dir, "missing.hdb"),
		"of another kind":         write(t, dir, "notes.txt", "x"),
		"nothing that is used":    write(t, dir, "main.cvd", "x"),
		"only lines that are not": write(t, dir, "a.hdb", "x\n"),
		"folder without any":      t.TempDir(),
	} {
		if s, err := LoadSignatures([]string{path}); err == nil {
			t.Errorf("%s: got %+v, want an error", name, s.Describe())
		}
	}
}

func TestTheSameSignaturesHaveTheSameKey(t *testing.T) {
	a, b := md5ABC+":3:A\n", sha256ABC+":3:B\n"
	key := func(content string) string { return loaded(t, map[string]string{"a.hdb": content}).Key(nil) }
	if key(a+b) != key(b+a+a) {
		t.Error("the order and repeats of lines change the key")
	}
	if key(a) == key(b) || key(a) == key(strings.Replace(a, ":A", ":C", 1)) || key(a) == key(strings.Replace(a, ":3:", ":4:", 1)) {
		t.Error("other signatures have the same key")
	}
}

func TestSignaturesOfSigtool(t *testing.T) {
	db := database(t)
	if err := os.Remove(filepath.Join(db, "test.ndb")); err != nil {
		t.Fatal(err)
	}
	s, err := LoadSignatures([]string{db})
	if err != nil {
		t.Fatal(err)
	}
	session := opened(t, s)
	for name, files := range positives(t) {
		matches, err := session.Scan(t.Context(), object(files[0]))
		if err != nil {
			t.Fatal(err)
		}
		known := slices.Contains([]string{"Test.Eicar.UNOFFICIAL", "Unix.Trojan.Sha.UNOFFICIAL"}, name)
		if len(matches) == 1 != known || known && matches[0].Rule+".UNOFFICIAL" != name {
			t.Errorf("%s: got %v", name, matches)
		}
	}
}

func FuzzHashes(f *testing.F) {
	for _, s := range []string{
		md5ABC + ":3:Name\n", sha1ABC + ":3:Name:73\r\n", sha256ABC + ":*:Name:73:255", "#\n\n:::::\n", md5ABC + ":" + md5ABC + ":" + md5ABC,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, twice := newSignatures(), newSignatures()
		stats, err := s.loadHashes(strings.NewReader(string(b)), "a.hdb", false)
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(string(b), "\n") + 1; stats.Used+stats.Unused[malformed]+stats.Unused[otherVersions] > lines {
			t.Errorf("%+v of %d lines", stats, lines)
		}
		if _, err := twice.loadHashes(strings.NewReader(string(b)+"\n"+string(b)), "a.hdb", false); err != nil {
			t.Fatal(err)
		}
		s.ready()
		twice.ready()
		if s.digest != twice.digest {
			t.Error("repeats change the key")
		}
		if _, err := (lookup{s}).Scan(t.Context(), object([]byte("abc"))); err != nil {
			t.Error(err)
		}
	})
}
