package intel

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/scanner"
)

// TestItIsAnEngine holds the engine against the contract.
func TestItIsAnEngine(t *testing.T) {
	var _ scanner.Engine = load(t, Options{}, write(t, "f.txt", nistMD5))
}

func TestAMatchSaysWhatAndWhereFrom(t *testing.T) {
	e := load(t, Options{}, write(t, "bad.txt", nistSHA256+";Family\nevil.example.com;C2 of it\n"),
		write(t, "fox.json", `{"data": [{"ioc": "evil.example.com", "ioc_type": "domain", "malware": "Better", "confidence_level": 95, "reference": "https://ref.example.com"}]}`))
	same(t, "match by digest", scan(t, e, object("/usr/bin/x", "", nist)), []scanner.Match{{Match: finding.Match{
		Engine: "intel", Rule: "sha256:" + nistSHA256, Score: 75, Severity: finding.High, Description: "Family", Source: "bad.txt",
	}}})
	// Two feeds have the domain: the one that is surer is told.
	same(t, "match by domain", scan(t, e, object("/etc/hosts", "", "127.0.0.1 localhost\n# x\n198.51.100.1 www.evil.example.com\n")), []scanner.Match{{Match: finding.Match{
		Engine: "intel", Rule: "domain:evil.example.com", Score: 95, Severity: finding.Critical, Description: "Better", Source: "fox.json",
		Meta:    map[string]string{"line": "3", "reference": "https://ref.example.com"},
		Strings: []finding.MatchString{{Name: "domain", Offset: 37, Length: 20, Excerpt: "www.evil.example.com"}},
	}}})
}

func TestWhatIsMatchedWhere(t *testing.T) {
	e := load(t, Options{}, write(t, "bad.txt", strings.Join([]string{
		nistSHA512, nistSHA1, nistMD5, "evil.example.com", "198.51.100.7", "/tmp/.x/miner", "/dev/shm/*.so", "/opt/evil/", "/kin[s]ing\\d+$;80", `^/srv/.*\.php$;60;/good/`,
	}, "\n")), write(t, "names.json", `[{"type": "indicator", "pattern": "[file:name = 'evil.so']"},
		{"type": "indicator", "pattern": "[file:name LIKE '%.evil']"},
		{"type": "indicator", "pattern": "[file:name = 'a.conf' AND file:size = 56]"},
		{"type": "indicator", "pattern": "[file:parent_directory_ref.path = '/var/evil']"}]`))
	hosts := "evil.example.com 198.51.100.7"
	for _, c := range []struct {
		name string
		o    *scanner.Object
		want []string
	}{
		{"all digests that the feeds have", object("/x", "", nist), []string{"md5:" + nistMD5, "sha1:" + nistSHA1, "sha512:" + nistSHA512}},
		{"another content", object("/x", "", nist+"."), nil},
		{"a member of an archive", object("/x.tar", "y", nist), []string{"md5:" + nistMD5, "sha1:" + nistSHA1, "sha512:" + nistSHA512}},
		{"hosts in settings", object("/etc/hosts", "", hosts), []string{"address:198.51.100.7", "domain:evil.example.com"}},
		{"hosts in a document", object("/usr/share/doc/x", "", hosts), nil},
		{"hosts in a log", object("/var/log/x", "", hosts), nil},
		{"hosts in settings in an archive", object("/srv/layer.tar", "etc/hosts", hosts), []string{"address:198.51.100.7", "domain:evil.example.com"}},
		{"a path", object("/tmp/.x/miner", "", ""), []string{"path:/tmp/.x/miner"}},
		{"a path in a layer", object("/var/lib/l.tar", "./tmp/.x/miner", ""), []string{"path:/tmp/.x/miner"}},
		{"a path in an archive in an archive", object("/var/lib/l.tar", "a.zip!/tmp/.x/miner", ""), []string{"path:/tmp/.x/miner"}},
		{"another path", object("/tmp/.x/miner2", "", ""), nil},
		{"a glob", object("/dev/shm/a.so", "", ""), []string{"glob:/dev/shm/*.so"}},
		{"a glob stays in its folder", object("/dev/shm/a/b.so", "", ""), nil},
		{"a folder", object("/opt/evil/a/b", "", ""), []string{"directory:/opt/evil"}},
		{"a folder with a name that begins the same", object("/opt/evil2/a", "", ""), nil},
		{"the folder of a file", object("/var/evil/a", "", ""), []string{"parent:/var/evil"}},
		{"a folder below it", object("/var/evil/a/b", "", ""), nil},
		{"a regular expression", object("/x/kinsing7", "", ""), []string{`regexp:/kin[s]ing\d+$`}},
		{"an expression with an exception", object("/srv/a.php", "", ""), []string{`regexp:^/srv/.*\.php$`}},
		{"the exception", object("/srv/good/a.php", "", ""), nil},
		{"a name", object("/usr/lib/evil.so", "", ""), []string{"name:evil.so"}},
		{"a name with LIKE", object("/usr/lib/x.evil", "", ""), []string{`name_regexp:(?s)\A.*\.evil\z`}},
		{"a name in capitals", object("/usr/lib/EVIL.SO", "", ""), nil},
		{"a name and a size", object("/b/a.conf", "", strings.Repeat("x", 56)), []string{"name:a.conf"}},
		{"a name and another size", object("/b/a.conf", "", "x"), nil},
	} {
		t.Run(c.name, func(t *testing.T) { same(t, "rules", rules(scan(t, e, c.o)), c.want) })
	}
	elf := object("/etc/hosts", "", hosts)
	elf.Class = scanner.ELF
	same(t, "a program", rules(scan(t, e, elf)), []string(nil))
	logs := load(t, Options{Logs: true}, write(t, "f.txt", "evil.example.com"))
	same(t, "a log where they are asked for", rules(scan(t, logs, object("/var/log/x", "", hosts))), []string{"domain:evil.example.com"})
}

// TestShortFilesAreNotKnownByDigest has the digests of files of 15 and 16 bytes in a feed, which md5sum made.
func TestShortFilesAreNotKnownByDigest(t *testing.T) {
	e := load(t, Options{}, write(t, "f.txt", "58b9b9268acaef64ac6a80b0543357e6  15\nabeac07d3c28c1bef9e730002c753ed4  16\n"))
	same(t, "15 bytes", rules(scan(t, e, object("/x", "", "123456789012345"))), []string(nil))
	same(t, "16 bytes", rules(scan(t, e, object("/x", "", "1234567890123456"))), []string{"md5:abeac07d3c28c1bef9e730002c753ed4"})
}

func TestValidity(t *testing.T) {
	feed := write(t, "f.json", `[
		{"type": "indicator", "pattern": "[file:name = 'always']"},
		{"type": "indicator", "pattern": "[file:name = 'ended']", "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2026-11-27T23:00:00Z"},
		{"type": "indicator", "pattern": "[file:name = 'ends.today']", "valid_until": "2026-11-28T01:00:00Z"},
		{"type": "indicator", "pattern": "[file:name = 'begins.today']", "valid_from": "2026-11-28T23:00:00+00:00"},
		{"type": "indicator", "pattern": "[file:name = 'begins']", "valid_from": "2026-11-29T00:00:00Z"},
		{"type": "indicator", "pattern": "[file:hashes.MD5 = '`+nistMD5+`']", "valid_until": "2026-11-01T00:00:00Z"}]`)
	compiled := filepath.Join(t.TempDir(), "f.intel")
	if _, err := Build(t.Context(), compiled, []string{feed}, false); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{feed, compiled} {
		e := load(t, Options{Now: day(t)}, source)
		for name, want := range map[string]bool{"always": true, "ended": false, "ends.today": true, "begins.today": true, "begins": false} {
			if got := len(scan(t, e, object("/"+name, "", ""))) == 1; got != want {
				t.Errorf("%s: %s is found: %t, want %t", source, name, got, want)
			}
		}
		same(t, "a digest that has ended", rules(scan(t, e, object("/x", "", nist))), []string(nil))
		same(t, "a digest without a day", rules(scan(t, load(t, Options{}, source), object("/x", "", nist))), []string{"md5:" + nistMD5})
	}
	same(t, "unused", load(t, Options{Now: day(t)}, feed).Describe().Unused, map[string]int{"left out: not valid today": 3})
}

func TestKeys(t *testing.T) {
	digests, paths, hosts := write(t, "a.txt", nistMD5), write(t, "b.txt", "/tmp/x"), write(t, "c.txt", "evil.example.com")
	dated := write(t, "d.json", `[{"type": "indicator", "pattern": "[file:hashes.MD5 = '`+nistMD5+`']", "valid_until": "2026-12-01T00:00:00Z"}]`)
	named := write(t, "e.json", `[{"type": "indicator", "pattern": "[file:hashes.MD5 = '`+nistMD5+`' AND file:name = 'a']"}]`)
	a, b := object("/a", "", ""), object("/b", "", "")
	key := func(opts Options, o *scanner.Object, feeds ...string) string { return load(t, opts, feeds...).Key(o) }
	today, tomorrow := Options{Now: day(t)}, Options{Now: day(t).Add(24 * time.Hour)}
	for _, c := range []struct {
		name string
		x, y string
		same bool
	}{
		{"digests", key(today, a, digests), key(today, b, digests), true},
		{"digests, a day later", key(today, a, digests), key(tomorrow, a, digests), true},
		{"indicators with a last day, a day later", key(today, a, dated), key(tomorrow, a, dated), false},
		{"indicators with a last day, an hour later", key(today, a, dated), key(Options{Now: day(t).Add(time.Hour)}, a, dated), true},
		{"other feeds", key(today, a, digests), key(today, a, hosts), false},
		{"one feed more", key(today, a, digests), key(today, a, digests, hosts), false},
		{"paths", key(today, a, paths), key(today, b, paths), false},
		{"digests with a name", key(today, a, named), key(today, b, named), false},
		{"hosts, two documents", key(today, a, hosts), key(today, b, hosts), true},
		{"hosts, a document and settings", key(today, a, hosts), key(today, object("/etc/hosts", "", ""), hosts), false},
		{"logs", key(today, a, hosts), key(Options{Now: day(t), Logs: true}, a, hosts), false},
	} {
		if (c.x == c.y) != c.same {
			t.Errorf("%s: %q and %q, want the same: %t", c.name, c.x, c.y, c.same)
		}
	}
}

func TestDescription(t *testing.T) {
	e := load(t, Options{}, write(t, "a.txt", nistMD5+"\nevil.example.com\nwhat\n"), write(t, "b.json", `[{"type": "indicator", "pattern_type": "yara", "pattern": "rule r { condition: true }", "name": "R"}]`),
		write(t, "c.json", `{"objects": []}`))
	d := e.Describe()
	if d.Name != "intel" || d.Rules != 2 || len(d.Digest) != 64 {
		t.Errorf("got %+v", d)
	}
	same(t, "unused", d.Unused, map[string]int{"list: line that is no indicator": 1})
	same(t, "warnings", d.Warnings, []string{"c.json: no indicator in it is used"})
	same(t, "YARA", e.YARA(), []Rules{{"b.json", "R", "rule r { condition: true }"}})
}

func TestCompiledFeedsFindTheSame(t *testing.T) {
	list := write(t, "list.txt", nistSHA256+";Family\nevil.example.com\n/tmp/*.x\n")
	dir := t.TempDir()
	out := filepath.Join(dir, "x.intel")
	for range 2 { // the second time in the place of the first
		if _, err := Build(t.Context(), out, []string{list}, false); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v, want the compiled feed and nothing else", left, err)
	}
	for _, o := range []*scanner.Object{object("/x", "", nist), object("/etc/hosts", "", "evil.example.com"), object("/tmp/a.x", "", "")} {
		got, want := scan(t, load(t, Options{}, out), o), scan(t, load(t, Options{}, list), o)
		if same(t, o.Path, got, want); len(got) != 1 {
			t.Errorf("%s: %d matches, want 1", o.Path, len(got))
		}
	}
	same(t, "description", load(t, Options{}, out).Describe(), load(t, Options{}, list).Describe())
}

func TestFeedsThatDoNotFit(t *testing.T) {
	dir := t.TempDir()
	list := write(t, "list.txt", nistSHA256)
	bad, good := filepath.Join(dir, "bad.intel"), filepath.Join(dir, "good.intel")
	for out, known := range map[string]bool{bad: false, good: true} {
		if _, err := Build(t.Context(), out, []string{list}, known); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Load(t.Context(), []string{good}, Options{}); err == nil || !strings.Contains(err.Error(), "want one of malicious ones") {
		t.Errorf("known good as malicious: %v", err)
	}
	if _, err := LoadKnownGood(t.Context(), []string{bad}); err == nil || !strings.Contains(err.Error(), "want one made with --known-good") {
		t.Errorf("malicious as known good: %v", err)
	}
	if _, err := Build(t.Context(), filepath.Join(dir, "x"), []string{bad}, false); err == nil || !strings.Contains(err.Error(), "compiled already") {
		t.Errorf("compiled twice: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "x")); err == nil {
		t.Error("a build that went wrong leaves a file")
	}
	if _, err := Build(t.Context(), filepath.Join(dir, "none", "x"), []string{list}, false); err == nil {
		t.Error("a folder that is not there: no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Load(ctx, []string{write(t, "many.txt", strings.Repeat(nistSHA256+"\n", 2000))}, Options{}); err == nil {
		t.Error("a load that was interrupted: no error")
	}
}

// TestADamagedBlockIsASkip damages a compiled feed after it was opened.
func TestADamagedBlockIsASkip(t *testing.T) {
	out := filepath.Join(t.TempDir(), "x.intel")
	if _, err := Build(t.Context(), out, []string{write(t, "list.txt", nistSHA256+"\n/x\n")}, false); err != nil {
		t.Fatal(err)
	}
	e := load(t, Options{}, out)
	f, err := os.OpenFile(out, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{0xff}, page+1); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := e.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	matches, err := s.Scan(t.Context(), object("/x", "", nist))
	same(t, "what was found in spite of it", rules(matches), []string{"path:/x"})
	if skip, ok := err.(*scanner.Skip); !ok || skip.Reason != scanner.EngineError || !strings.HasPrefix(skip.Detail, "x.intel: block at 0x1000: checksum") { //nolint:errorlint // the contract
		t.Errorf("got %v, want a skip for an error of the engine", err)
	}
}
