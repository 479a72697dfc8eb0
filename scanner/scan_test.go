package scanner_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
	"github.com/guestctl/guestctl/scanner"
)

func TestEveryFileIsShownOnceWithItsClass(t *testing.T) {
	files := text(map[string]string{
		"/a/script.sh": "#!/bin/sh\n", "/a/page.php": "<html><?php x();", "/bin/program": "\x7fELF\x02", "/c.exe": "MZ\x90", "/d.zip": "PK\x05\x06" + strings.Repeat("\x00", 18),
		"/e.txt": "just text", "/f.bin": "\x00\x01", "/empty": "",
	})
	files["/link"] = memfs.File{Link: "/e.txt"}
	files["/device"] = memfs.File{Mode: filesys.ModeBlock | 0o600}
	files["/fifo"] = memfs.File{Mode: filesys.ModeFIFO | 0o600}
	r, shown := run(t, files, scanner.Options{})
	want := []string{
		"/a/page.php script <html><?php x();", "/a/script.sh script #!/bin/sh\n", "/bin/program elf \x7fELF\x02", "/c.exe pe MZ\x90",
		"/d.zip archive PK\x05\x06" + strings.Repeat("\x00", 18), "/e.txt text just text", "/empty text ", "/f.bin other \x00\x01",
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
	if s := r.Stats; s.Files != 9 || s.Scanned != 9 || !r.Complete() || s.Bytes != 67 {
		t.Errorf("statistics %+v, want 9 files of 67 bytes, all of them scanned", s)
	}
}

func TestStreamsAreFiles(t *testing.T) {
	dir := memfs.Dir()
	dir.Streams = map[string]string{"hidden": "#!/bin/sh\nevil"}
	files := map[string]memfs.File{
		"/etc/fstab": {Data: ""}, "/a": {Data: "harmless", Streams: map[string]string{"Zone.Identifier": "[ZoneTransfer]", "b.exe": "MZ evil"}}, "/folder": dir,
	}
	r, shown := run(t, files, scanner.Options{})
	want := []string{"/a text harmless", "/a:Zone.Identifier text [ZoneTransfer]", "/a:b.exe pe MZ evil", "/folder:hidden script #!/bin/sh\nevil"}
	if diff := cmp.Diff(want, slices.DeleteFunc(shown, func(s string) bool { return strings.HasPrefix(s, "/etc/") })); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/a:b.exe||evil", "/folder:hidden||evil"}, hits(r)); diff != "" {
		t.Errorf("hits (-want +got):\n%s", diff)
	}
	files["/folder"] = memfs.File{Mode: dir.Mode, Streams: dir.Streams, Err: binread.Corrupt("broken")}
	if r, _ := run(t, files, scanner.Options{}); r.Complete() {
		t.Error("streams that cannot be listed are no record")
	}
}

func TestLargeContentIsShownWhole(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 1<<17) + "evil"
	r, shown := run(t, text(map[string]string{"/big": big, "/small": "s", "/big2": big + "2"}), scanner.Options{Workers: 1})
	if !slices.Equal(shown, []string{"/big text " + big, "/big2 text " + big + "2", "/small text s"}) {
		t.Error("content is not what was written")
	}
	if diff := cmp.Diff([]string{"/big||evil", "/big2||evil"}, hits(r)); diff != "" {
		t.Errorf("hits (-want +got):\n%s", diff)
	}
}

func TestWhatWasNotLookedIntoIsARecord(t *testing.T) {
	files := text(map[string]string{"/good": "evil", "/large": strings.Repeat("x", 101)})
	files["/unreadable"] = memfs.File{Data: "evil", Err: errors.New("bad sector")}
	files["/unsure"] = memfs.File{Data: "evil", Err: binread.Checksum("block 7 has another checksum")}
	files["/nostat"] = memfs.File{StatErr: binread.Corrupt("inode 9 is broken")}
	files["/dir"] = memfs.File{Mode: filesys.ModeDir | 0o755, Err: binread.Corrupt("directory breaks off")}
	files["/dir/in"] = memfs.File{Data: "evil"}
	r, shown := run(t, files, scanner.Options{Limits: scanner.Limits{FileSize: 100}})
	want := []string{
		"/dir unreadable: directory breaks off", "/large too_large: 101 bytes, the limit is 100", "/nostat unreadable: inode 9 is broken",
		"/unreadable unreadable: bad sector", "/unsure not_believed: block 7 has another checksum",
	}
	var got []string
	for _, line := range unscanned(r) { // what the operation was is not the point
		place, _, _ := strings.Cut(line, ": ")
		got = append(got, place+line[strings.LastIndex(line, ": "):])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/dir/in text evil", "/good text evil", "/unsure text evil"}, shown); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
	if r.Complete() || r.Stats.Unscanned != 5 || r.Stats.Skipped["unreadable"] != 3 {
		t.Errorf("complete %t, statistics %+v", r.Complete(), r.Stats)
	}
}

// lying is a file system that says of its files what the test wants.
type lying struct {
	*memfs.FS
	say func(st *filesys.Stat)
	cut int64 // bytes that are missing at the end of each file
}

func (l lying) Stat(n filesys.Node) (filesys.Stat, error) {
	st, err := l.FS.Stat(n)
	if l.say != nil && st.IsRegular() && st.Size > 0 {
		l.say(&st)
	}
	return st, err
}

func (l lying) Open(n filesys.Node) (filesys.File, error) {
	f, err := l.FS.Open(n)
	if f == nil || l.cut == 0 || f.Size() <= l.cut {
		return f, err
	}
	return shrunk{f, f.Size() - l.cut}, err
}

// shrunk is a file with fewer bytes than its inode says.
type shrunk struct {
	filesys.File
	have int64
}

func (s shrunk) ReadAt(b []byte, off int64) (int, error) {
	return io.NewSectionReader(s.File, 0, s.have).ReadAt(b, off)
}

func guestOn(t *testing.T, fs filesys.FS) *guest.Guest {
	t.Helper()
	guests, err := guest.Find(context.Background(), []guest.Volume{{Device: "p1", Number: 1, FS: fs}})
	if err != nil || len(guests) != 1 {
		t.Fatalf("%d guests, %v", len(guests), err)
	}
	return guests[0]
}

func TestAFileThatShrinksIsARecord(t *testing.T) {
	g := guestOn(t, lying{FS: memfs.New(text(map[string]string{"/etc/fstab": "", "/shrunk": "evil and more"})), cut: 5})
	r, shown := runOn(t, g, scanner.Options{})
	if len(shown) != 0 || len(r.Unscanned) != 1 || r.Unscanned[0].Reason != scanner.Unreadable || r.Unscanned[0].Path != "/shrunk" {
		t.Errorf("shown %q, records %q", shown, unscanned(r))
	}
}

func TestNamesOfOneFileAreReadWithinALimit(t *testing.T) {
	files := text(map[string]string{"/etc/fstab": "", "/a": "evil"})
	files["/b"] = memfs.File{Same: "/a"}
	files["/c"] = memfs.File{Same: "/a"}
	for size, want := range map[int64]int{4: 3, 600 << 20: 1, 400 << 20: 2} {
		g := guestOn(t, lying{FS: memfs.New(files), say: func(st *filesys.Stat) { st.Links, st.Size, st.Allocated = 3, size, size }})
		r, shown := runOn(t, g, scanner.Options{Limits: scanner.Limits{FileSize: 1 << 30}})
		if len(shown) != want || r.Stats.Skipped["limit"] != 3-want {
			t.Errorf("file of %d bytes with 3 names: shown %d times, want %d; records %q", size, len(shown), want, unscanned(r))
		}
	}
}

func TestHolesAreReadWithinALimit(t *testing.T) {
	files := map[string]memfs.File{"/etc/fstab": {}}
	for i := range 20 {
		files["/hole"+string(rune('a'+i))] = memfs.File{Data: "x"}
	}
	g := guestOn(t, lying{FS: memfs.New(files), say: func(st *filesys.Stat) { st.Size, st.Allocated = 1<<30, 0 }})
	r, shown := runOn(t, g, scanner.Options{Limits: scanner.Limits{FileSize: 1 << 30}})
	if len(shown) != 16 || r.Stats.Skipped["limit"] != 4 {
		t.Errorf("of 20 holes of 1 GiB %d were read, want 16; records %q", len(shown), unscanned(r))
	}
}

func TestTheTimeOfTheScanIsARecord(t *testing.T) {
	r, shown := run(t, text(map[string]string{"/a": "evil", "/b": "evil"}), scanner.Options{Time: time.Nanosecond})
	if len(shown) != 0 || r.Stats.Skipped["timeout"] != 3 || r.Settled() {
		t.Errorf("shown %q, records %q, settled %t", shown, unscanned(r), r.Settled())
	}
}

func TestTheScanEndsWithItsContext(t *testing.T) {
	files := map[string]memfs.File{}
	for i := range 500 {
		files["/f"+string(rune('a'+i%26))+string(rune('a'+i/26))] = memfs.File{Data: "x"}
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &fake{scan: func(*scanner.Object) error { cancel(); return nil }}
	_, err := scanner.Run(ctx, factstest.Guest(t, files), scanner.Options{Engines: []scanner.Engine{f}, Workers: 2})
	if !errors.Is(err, context.Canceled) || f.closed != 2 || len(f.shown) > 2 {
		t.Errorf("%v, %d sessions closed, %d files shown", err, f.closed, len(f.shown))
	}
}

func TestAnEngineThatCannotWorkEndsTheScan(t *testing.T) {
	broken := errors.New("no such rule")
	for name, f := range map[string]*fake{"open": {open: broken}, "scan": {scan: func(*scanner.Object) error { return broken }}} {
		files := text(map[string]string{"/a": "1", "/b": "2", "/c": "3"})
		r, err := scanner.Run(context.Background(), factstest.Guest(t, files), scanner.Options{Engines: []scanner.Engine{f}})
		if !errors.Is(err, broken) || r != nil {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
}

func TestWhatAnEngineSkipsIsARecordAndItsMatchesCount(t *testing.T) {
	f := &fake{scan: func(o *scanner.Object) error {
		if o.Path != "/a" {
			return nil
		}
		return &scanner.Skip{Reason: scanner.EngineCrashed, Detail: "signal 11"}
	}}
	r, _ := run(t, text(map[string]string{"/a": "evil", "/b": "evil"}), scanner.Options{Engines: []scanner.Engine{f}})
	want := []scanner.Unscanned{{Path: "/a", Engine: "fake", Reason: scanner.EngineCrashed, Detail: "signal 11"}}
	if diff := cmp.Diff(want, r.Unscanned); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if got := hits(r); !slices.Equal(got, []string{"/a||evil", "/b||evil"}) {
		t.Errorf("hits %q", got)
	}
}

func TestResultsAreInOrder(t *testing.T) {
	files := map[string]memfs.File{}
	for _, name := range []string{"z", "m", "a", "b/c", "b/a", "Z"} {
		files["/"+name] = memfs.File{Data: "evil " + name}
		files["/large-"+name] = memfs.File{Data: strings.Repeat("x", 50)}
	}
	var first *scanner.Result
	for range 5 {
		r, _ := run(t, files, scanner.Options{Workers: 4, Limits: scanner.Limits{FileSize: 20}})
		if first == nil {
			first = r
		}
		if !reflect.DeepEqual(r, first) {
			t.Fatalf("%+v, and then %+v", first, r)
		}
	}
	if got := hits(first); !slices.IsSorted(got) || len(got) != 6 || len(first.Unscanned) != 6 {
		t.Errorf("hits %q, records %q", got, unscanned(first))
	}
}

func TestVerdictsAreKeptByContentAndKey(t *testing.T) {
	s := &store{}
	key := func(*scanner.Object) string { return "rules 1" }
	files := text(map[string]string{"/a": "evil", "/same": "evil", "/b": "good"})
	opts := scanner.Options{Store: s, Workers: 1}
	scan := func(key func(*scanner.Object) string, scan func(*scanner.Object) error) (*scanner.Result, []string) {
		opts.Engines = []scanner.Engine{&fake{key: key, scan: scan}}
		return run(t, files, opts)
	}
	first, shown := scan(key, nil)
	if len(shown) != 2 || first.Stats.Cached != 1 { // the second name of the same content is not shown
		t.Errorf("first: shown %q, statistics %+v", shown, first.Stats)
	}
	second, shown := scan(key, nil)
	if len(shown) != 0 || second.Stats.Cached != 4 || !slices.Equal(hits(second), []string{"/a||evil", "/same||evil"}) {
		t.Errorf("second: shown %q, hits %q, statistics %+v", shown, hits(second), second.Stats)
	}
	if _, shown = scan(func(*scanner.Object) string { return "rules 2" }, nil); len(shown) != 2 {
		t.Errorf("other rules: shown %q", shown)
	}
	if _, shown = scan(nil, nil); len(shown) != 3 {
		t.Errorf("an engine that keeps nothing: shown %q", shown)
	}
	opts.Limits.FileSize = 1000
	if _, shown = scan(key, nil); len(shown) != 2 {
		t.Errorf("other limits: shown %q", shown)
	}
}

func TestOnlyLastingVerdictsAreKept(t *testing.T) {
	for reason, kept := range map[scanner.Reason]bool{
		scanner.TooLarge: true, scanner.Encrypted: true, scanner.TimedOut: false, scanner.EngineCrashed: false, scanner.EngineError: false,
	} {
		s := &store{}
		f := &fake{
			key:  func(o *scanner.Object) string { return strings.TrimPrefix(o.Path, "/etc/fstab") },
			scan: func(*scanner.Object) error { return &scanner.Skip{Reason: reason} },
		}
		run(t, text(map[string]string{"/a": "evil"}), scanner.Options{Store: s, Engines: []scanner.Engine{f}})
		if got := s.len() == 1; got != kept {
			t.Errorf("%s: kept %t, want %t", reason, got, kept)
		}
	}
}

func TestMatchesDependOnWhatPackagesShipped(t *testing.T) {
	files := text(map[string]string{
		"/var/lib/dpkg/status":         "Package: tool\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n",
		"/var/lib/dpkg/info/tool.list": "/.\n/usr\n/usr/bin\n/usr/bin/tool\n",
		"/usr/bin/tool":                "evil", "/usr/bin/other": "evil", "/srv/other": "evil",
	})
	files["/bin"] = memfs.File{Link: "usr/bin"}
	g := factstest.Guest(t, files)
	packages, err := shipped.Load(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{match: scanner.Match{Match: finding.Match{Rule: "odd", Score: 30, Severity: finding.Scored(30)}, Unowned: 75}}
	r, _ := runOn(t, g, scanner.Options{Engines: []scanner.Engine{f}, Packages: packages})
	got := map[string]int{}
	for _, h := range r.Hits {
		got[h.File.Path] = h.Match.Score
	}
	if diff := cmp.Diff(map[string]int{"/usr/bin/tool": 30, "/usr/bin/other": 75, "/srv/other": 30}, got); diff != "" {
		t.Errorf("scores (-want +got):\n%s", diff)
	}
	if h := r.Hits[len(r.Hits)-1]; h.File.Package != "tool" {
		t.Errorf("package of %s is %q", h.File.Path, h.File.Package)
	}
}

func TestHarmlessFilesAreNotShown(t *testing.T) {
	sum := sha256.Sum256([]byte("evil but allowed"))
	r, shown := run(t, text(map[string]string{"/a": "evil but allowed", "/b": "known", "/c": "evil"}), scanner.Options{
		Allowed:   map[string]bool{hex.EncodeToString(sum[:]): true},
		KnownGood: func(o *scanner.Object) bool { return string(o.Content) == "known" },
		Sums: func(path string) crypto.Hash {
			if path == "/a" {
				return crypto.SHA256
			}
			return 0
		},
	})
	if !slices.Equal(shown, []string{"/c text evil"}) || r.Stats.Allowed != 1 || r.Stats.KnownGood != 1 {
		t.Errorf("shown %q, statistics %+v", shown, r.Stats)
	}
	if diff := cmp.Diff(map[string][]byte{"/a": sum[:]}, r.Sums); diff != "" {
		t.Errorf("sums (-want +got):\n%s", diff)
	}
}
