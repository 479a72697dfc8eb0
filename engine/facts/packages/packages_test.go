package packages

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func testdata(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func collectFrom(t testing.TB, files map[string]memfs.File) (*facts.Packages, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Packages](t, factstest.Guest(t, files), facts.Request{}, Collector)
}

// query renders packages as testdata/make.sh asks dpkg-query to.
func query(p *facts.Packages) []string {
	var lines []string
	for _, byName := range []map[string][]facts.Package{p.Installed, p.Residual} {
		for _, entries := range byName {
			for _, e := range entries {
				var provides []string
				for _, v := range e.Provides {
					if v.Version != "" {
						v.Name += fmt.Sprintf(" (= %s)", v.Version)
					}
					provides = append(provides, v.Name)
				}
				lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s %s %s\t%s\t%s",
					e.Name, e.Version, e.Arch, e.Want, e.Error, e.State, e.SourceName, strings.Join(provides, ", ")))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func TestAgreesWithDpkgQuery(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"states.query": {
			status:             testdata(t, "states/status"),
			updates + "/0000":  testdata(t, "states/updates/0000"),
			updates + "/0001":  testdata(t, "states/updates/0001"),
			updates + "/tmp.i": "Package: half-written",
		},
		"real.query": {status: testdata(t, "real.status")},
	} {
		t.Run(name, func(t *testing.T) {
			p, st := collectFrom(t, factstest.Text(files))
			if st.State != facts.OK {
				t.Fatalf("state is %s: %v", st.State, st.Problems)
			}
			want := strings.Split(strings.TrimRight(testdata(t, name), "\n"), "\n")
			slices.Sort(want)
			if diff := cmp.Diff(want, query(p)); diff != "" {
				t.Error("dpkg-query -, guestctl +\n" + diff)
			}
		})
	}
}

func TestStates(t *testing.T) {
	p, _ := collectFrom(t, factstest.Text(map[string]string{status: testdata(t, "states/status")}))
	for _, name := range []string{
		"installed", "held", "deinstalled-still-there", "purge-wanted", "half-installed", "unpacked", "half-configured", "awaiting", "pending",
	} {
		if len(p.Installed[name]) != 1 {
			t.Errorf("%s is not among the installed", name)
		}
	}
	for name, want := range map[string]bool{"installed": true, "held": true, "deinstalled-still-there": true, "unpacked": false, "half-configured": false, "pending": false} {
		if got := p.Installed[name][0].Complete(); got != want {
			t.Errorf("%s: complete is %v, want %v", name, got, want)
		}
	}
	if !p.Installed["held"][0].Held || p.Installed["installed"][0].Held {
		t.Error("held is wrong")
	}
	if _, ok := p.Installed["residual"]; ok || len(p.Residual["residual"]) != 1 {
		t.Error("a package of which configuration is left is not installed")
	}
	if n := len(p.Installed["not-installed"]) + len(p.Residual["not-installed"]); n != 0 {
		t.Error("a package that was never there is listed")
	}
	if same := p.Installed["libsame"]; len(same) != 2 || same[0].Arch != "amd64" || same[1].Arch != "i386" {
		t.Errorf("Multi-Arch: got %+v, want amd64 and i386", same)
	}
	if p.Count != 14 {
		t.Errorf("count is %d, want 14", p.Count)
	}
}

func TestRecordsKnowTheirLine(t *testing.T) {
	text := testdata(t, "real.status")
	p, _ := collectFrom(t, factstest.Text(map[string]string{status: text}))
	lines := strings.Split(text, "\n")
	for name, entries := range p.Installed {
		for _, e := range entries {
			if got := lines[e.Source.Line-1]; got != "Package: "+name || e.Source.Text != got || e.Source.Path != status {
				t.Errorf("%s comes from %+v, which is %q", name, e.Source, got)
			}
		}
	}
}

func TestDistroless(t *testing.T) {
	p, st := collectFrom(t, factstest.Text(map[string]string{
		parts + "/base":         "Package: base-files\nVersion: 12.4\nArchitecture: amd64\nDescription: no newline at the end",
		parts + "/base.md5sums": "0123  etc/debian_version\n",
		parts + "/libssl3":      "Package: libssl3\nSource: openssl\nVersion: 3.0.11-1\nArchitecture: amd64\n",
	}))
	if st.State != facts.OK || p.Count != 2 || !p.Installed["base-files"][0].Complete() || p.Installed["libssl3"][0].SourceName != "openssl" {
		t.Errorf("got %+v, %s (%v)", p, st.State, st.Problems)
	}
}

func TestOtherManagers(t *testing.T) {
	record := "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
	for name, c := range map[string]struct {
		files map[string]string
		state facts.State
		names string
	}{
		"none":                      {nil, facts.Absent, ""},
		"rpm, SQLite":               {map[string]string{"/var/lib/rpm/rpmdb.sqlite": ""}, facts.Error, "rpmdb.sqlite"},
		"rpm, Berkeley DB":          {map[string]string{"/var/lib/rpm/Packages": "x"}, facts.Error, "Packages"},
		"rpm, a log alone":          {map[string]string{"/var/lib/rpm/rpmdb.sqlite-wal": "x"}, facts.Error, "missing"},
		"apk":                       {map[string]string{"/lib/apk/db/installed": ""}, facts.Partial, "no record"},
		"pacman":                    {map[string]string{"/var/lib/pacman/local/ALPM_DB_VERSION": "9"}, facts.Partial, "no record"},
		"rpm, dpkg without records": {map[string]string{"/var/lib/rpm/rpmdb.sqlite": "", status: ""}, facts.Error, "rpm"},
		"dpkg, rpm beside it":       {map[string]string{"/var/lib/rpm/rpmdb.sqlite": "", status: record}, facts.Partial, "of rpm"},
		"dpkg, apk beside it":       {map[string]string{"/lib/apk/db/installed": "P:x\nV:1\n\n", status: record}, facts.Partial, "of apk with 1"},
		"dpkg, apk left empty":      {map[string]string{"/lib/apk/db/installed": "", status: record}, facts.OK, ""},
		"dpkg without records":      {map[string]string{status: ""}, facts.Partial, "no record"},
	} {
		t.Run(name, func(t *testing.T) {
			_, st := collectFrom(t, factstest.Text(c.files))
			if st.State != c.state || !strings.Contains(fmt.Sprint(st.Problems), c.names) {
				t.Errorf("got %s (%v), want %s that names %q", st.State, st.Problems, c.state, c.names)
			}
		})
	}
}

func TestDamagedDatabases(t *testing.T) {
	const good = "Package: good\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
	for name, c := range map[string]struct {
		text string
		line int
	}{
		"cut in a line":           {good + "Package: ope", 6},
		"cut between fields":      {good + "Package: open\nStatus: install ok installed\nVersion: 2\n", 8},
		"cut behind the record":   {strings.TrimSuffix(good, "\n"), 4},
		"no Package":              {good + "Status: install ok installed\nVersion: 1\n\n", 6},
		"no Status":               {good + "Package: x\nVersion: 1\n\n", 6},
		"no Version":              {good + "Package: x\nStatus: install ok installed\n\n", 6},
		"two words of status":     {good + "Package: x\nStatus: install installed\nVersion: 1\n\n", 7},
		"unknown state":           {good + "Package: x\nStatus: install ok instaled\nVersion: 1\n\n", 7},
		"a line of zeros":         {good + strings.Repeat("\x00", 64) + "\n\n", 6},
		"second Package field":    {good + "Package: x\nPackage: y\nStatus: install ok installed\nVersion: 1\n\n", 7},
		"second Status field":     {good + "Package: x\nStatus: install ok installed\nstatus: deinstall ok config-files\nVersion: 1\n\n", 8},
		"the same package twice":  {good + good, 6},
		"continuation of nothing": {good + " x\n", 6},
	} {
		t.Run(name, func(t *testing.T) {
			p, st := collectFrom(t, factstest.Text(map[string]string{status: c.text}))
			if st.State != facts.Partial {
				t.Fatalf("state is %s (%v), want %s", st.State, st.Problems, facts.Partial)
			}
			if st.Problems[0].Path != status || st.Problems[0].Line != c.line {
				t.Errorf("problem is %+v, want it on line %d", st.Problems[0], c.line)
			}
			if len(p.Installed["good"]) != 1 {
				t.Error("the good record is lost")
			}
		})
	}
}

func TestUnreadableDatabases(t *testing.T) {
	broken := errors.New("bad sector")
	record := "Package: x\nStatus: install ok installed\nVersion: 1\n\n"
	for name, c := range map[string]struct {
		files map[string]memfs.File
		state facts.State
	}{
		"status":              {map[string]memfs.File{status: {Data: record, Err: broken}}, facts.Error},
		"status, checksum":    {map[string]memfs.File{status: {Data: record, Err: binread.Checksum("extent block 7")}}, facts.Partial},
		"one part of several": {map[string]memfs.File{parts + "/a": {Data: record}, parts + "/b": {Data: record, Err: broken}}, facts.Error},
		"the directory of parts": {
			map[string]memfs.File{status: {Data: record}, parts: {Mode: memfs.Dir().Mode, Err: binread.Corrupt("block 9")}}, facts.Partial,
		},
		"the directory of updates": {
			map[string]memfs.File{status: {Data: record}, updates: {Mode: memfs.Dir().Mode, Err: binread.Corrupt("block 9")}}, facts.Partial,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if _, st := collectFrom(t, c.files); st.State != c.state {
				t.Errorf("state is %s (%v), want %s", st.State, st.Problems, c.state)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	for name, text := range map[string]string{
		"a million bad lines":    strings.Repeat("x\n", 1_000_000),
		"records without end":    strings.Repeat("Package: a\nStatus: x\n\n", 10_000),
		"one line of provides":   "Package: a\nProvides: " + strings.Repeat("a,", maxLine) + "\n\n",
		"many lines of provides": "Package: a\nProvides: a\n" + strings.Repeat(" ,a,a,a,a,a,a,a,a,a\n", maxLine/10),
	} {
		t.Run(name, func(t *testing.T) {
			if p, st := collectFrom(t, factstest.Text(map[string]string{status: text})); st.State != facts.Error || p != nil {
				t.Errorf("got %s, want an error", st.State)
			}
		})
	}
}

func FuzzDpkgStatus(f *testing.F) {
	f.Add([]byte(testdata(f, "states/status")))
	f.Add([]byte("Package: a\nStatus: install ok installed\nProvides: x (= 1),\n y:any, (=\n\n\x00\n:\n x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		db := newDatabase()
		problems := 0
		p := parser{db: db, path: status, problem: func(int, error) { problems++ }}
		if err := p.parse(context.Background(), b); err != nil {
			return
		}
		got := db.packages()
		if problems > maxProblems {
			t.Errorf("%d problems", problems)
		}
		for _, name := range slices.Sorted(maps.Keys(got.Installed)) {
			for _, e := range got.Installed[name] {
				if e.Name != name || e.Source.Line < 1 || problems == 0 && (e.State == "" || e.Version == "" && e.Complete()) {
					t.Errorf("%q: %+v", name, e)
				}
			}
		}
	})
}

func BenchmarkStatus(b *testing.B) {
	text := []byte(strings.Repeat(testdata(b, "real.status"), 4)) // 240 records, as a small server has
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		p := parser{db: newDatabase(), path: status, problem: func(int, error) {}}
		if err := p.parse(context.Background(), text); err != nil && !errors.Is(err, binread.ErrCorrupt) {
			b.Fatal(err)
		}
	}
}
