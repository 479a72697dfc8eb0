package history

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/packages"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func fixture(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(name, ".gz") {
		return strings.TrimSpace(string(b))
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if b, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func collectHistory(t testing.TB, files map[string]memfs.File) (*facts.History, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.History](t, factstest.Guest(t, files), facts.Request{}, packages.Collector, Collector)
}

func TestJournalIsJournalctls(t *testing.T) {
	want, err := strconv.ParseInt(fixture(t, "journal.newest"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := newestEntry([]byte(fixture(t, "journal.gz"))); got != want || err != nil {
		t.Errorf("got %d, %v, want %d", got, err, want)
	}
}

func TestHistory(t *testing.T) {
	const journalPath = "/var/log/journal/0123/system.journal"
	for name, c := range map[string]struct {
		files                           map[string]memfs.File
		packages, journal, wtmp, newest string
	}{
		"all": {map[string]memfs.File{
			"/var/log/dpkg.log": {Data: "2024-05-01 10:00:00 startup archives unpack\n2024-05-01 10:00:09 status installed a 1\n"},
			journalPath:         {Data: fixture(t, "journal.gz")}, "/var/log/wtmp": {Data: fixture(t, "wtmp.gz")},
		}, "2024-05-01T10:00:09Z local", "2024-04-05T19:34:38Z", "2024-03-02T12:00:00Z", "2024-05-01T10:00:09Z local"},
		"rotated":          {map[string]memfs.File{"/var/log/dpkg.log": {}, "/var/log/dpkg.log.1": {Data: "2023-01-02 03:04:05 x\n"}}, "2023-01-02T03:04:05Z local", "", "", "2023-01-02T03:04:05Z local"},
		"apt":              {map[string]memfs.File{"/var/log/apt/history.log": {Data: "\nStart-Date: 2023-01-02  03:04:05\nEnd-Date: 2023-01-02  03:04:09\n"}}, "2023-01-02T03:04:09Z local", "", "", "2023-01-02T03:04:09Z local"},
		"dnf":              {map[string]memfs.File{"/var/log/dnf.rpm.log": {Data: "2023-01-02T03:04:05+0200 SUBDEBUG Installed: a\n2023-01-02T02:04:05Z INFO x\n"}}, "2023-01-02T02:04:05Z", "", "", "2023-01-02T02:04:05Z"},
		"zypper":           {map[string]memfs.File{"/var/log/zypp/history": {Data: "# 2023-01-09 03:04:05 x\n2023-01-02 03:04:05|install|a\n"}}, "2023-01-02T03:04:05Z local", "", "", "2023-01-02T03:04:05Z local"},
		"pacman":           {map[string]memfs.File{"/var/log/pacman.log": {Data: "[2023-01-02T03:04:05-0100] [ALPM] upgraded a\n"}}, "2023-01-02T04:04:05Z", "", "", "2023-01-02T04:04:05Z"},
		"only unread":      {map[string]memfs.File{"/var/lib/wtmpdb/wtmp.db": {}}, "", "", "", ""},
		"text after a cut": {map[string]memfs.File{"/var/log/dpkg.log": {Data: "2023-01-02 03:04:05 x\n2023-01-0"}}, "2023-01-02T03:04:05Z local", "", "", "2023-01-02T03:04:05Z local"},
	} {
		h, status := collectHistory(t, c.files)
		if h == nil || status.State != facts.OK {
			t.Errorf("%s: %+v", name, status)
			continue
		}
		for _, x := range []struct {
			what string
			got  *facts.HistoryTime
			want string
		}{{"packages", h.Packages, c.packages}, {"journal", h.Journal, c.journal}, {"wtmp", h.Wtmp, c.wtmp}, {"newest", h.Newest, c.newest}} {
			got := ""
			if x.got != nil {
				got = x.got.Time
				if x.got.Local {
					got += " local"
				}
			}
			if got != x.want {
				t.Errorf("%s: %s is %q, want %q", name, x.what, got, x.want)
			}
		}
	}
}

func TestHostile(t *testing.T) {
	journal := fixture(t, "journal.gz")
	const path = "/var/log/journal/0123/system.journal"
	for name, files := range map[string]map[string]memfs.File{
		"journal cut":             {path: {Data: journal[:100]}},
		"no magic":                {path: {Data: "x" + journal[1:]}},
		"header too small":        {path: {Data: journal[:88] + "\x10\x00\x00\x00\x00\x00\x00\x00" + journal[96:]}},
		"last entry before first": {path: {Data: journal[:192] + "\x01\x00\x00\x00\x00\x00\x00\x00" + journal[200:]}},
		"last entry out of time":  {path: {Data: journal[:192] + strings.Repeat("\xff", 8) + journal[200:]}},
		"journal is a FIFO":       {path: {Mode: filesys.ModeFIFO}},
		"wtmp cut":                {"/var/log/wtmp": {Data: fixture(t, "wtmp.gz")[:500]}},
		"log is a directory":      {"/var/log/dpkg.log/x": {}, "/var/log/wtmp": {}},
	} {
		_, status := collectHistory(t, files)
		if status.State != facts.Partial && status.State != facts.Error {
			t.Errorf("%s: %+v", name, status)
		}
	}
	if _, status := collectHistory(t, nil); status.State != facts.Absent {
		t.Errorf("nothing there: %+v", status)
	}
	if h, _ := collectHistory(t, map[string]memfs.File{"/var/log/wtmp": {Data: fixture(t, "wtmp.gz")[:500]}}); h == nil || h.Wtmp == nil {
		t.Error("the whole records of a cut wtmp are lost")
	}
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte(fixture(f, "journal.gz")[:headerSize]))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := newestEntry(b); n < 0 || err != nil && n != 0 {
			t.Errorf("%d, %v", n, err)
		}
	})
}

func FuzzWtmp(f *testing.F) {
	f.Add([]byte(fixture(f, "wtmp.gz")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := newestRecord(b); n != 0 && len(b) < recordSize {
			t.Error(n)
		}
	})
}

func FuzzLog(f *testing.F) {
	f.Add("2023-01-02T03:04:05Z x\n[2023-01-02T03:04:05-0100] y\nEnd-Date: 2023-01-02  03:04:09\n9999-12-31 23:59:59")
	f.Fuzz(func(t *testing.T, text string) {
		for _, l := range packageLogs {
			if h := l.last(text); h != nil && h.Source.Path != l.path {
				t.Error(h)
			}
		}
	})
}
