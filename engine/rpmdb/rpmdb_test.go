package rpmdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rpmdb "github.com/knqyf263/go-rpmdb/pkg"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func testdata(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("testdata", name)
	if strings.HasSuffix(name, ".zst") {
		return factstest.Unpack(t, path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const at = "/var/lib/rpm/rpmdb.sqlite"

func guestWith(t testing.TB, db, wal string) *guest.Guest {
	files := map[string]memfs.File{at: {Data: db}}
	if wal != "" {
		files[at+log] = memfs.File{Data: wal}
	}
	return factstest.Guest(t, files)
}

func read(t testing.TB, g *guest.Guest) ([]*Header, []error, error) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	var all []*Header
	problems, err := Read(t.Context(), g, at, func(h *Header) error {
		all = append(all, h)
		return nil
	})
	if left, _ := filepath.Glob(os.TempDir() + "/*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err != nil && strings.Contains(err.Error(), os.TempDir()) {
		t.Errorf("names a path of the host: %v", err)
	}
	return all, problems, err
}

// query renders packages as testdata/make.sh asks rpm to.
func query(t *testing.T, all []*Header) []string {
	none := func(s string) string {
		if s == "" {
			return "(none)"
		}
		return s
	}
	var lines []string
	for _, h := range all {
		var provides, paths strings.Builder
		for _, p := range h.Provides {
			if p.Version == "" {
				fmt.Fprintf(&provides, "%s  ;", p.Name)
			} else {
				fmt.Fprintf(&provides, "%s = %s;", p.Name, p.Version)
			}
		}
		files, err := h.Files()
		if err != nil {
			t.Error(err)
		}
		for _, f := range files {
			paths.WriteString(f.Path + ";")
		}
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s", h.Name, h.EVR(), none(h.Arch), none(h.Vendor),
			none(h.SourceRPM), none(h.Module), h.InstallTime, provides.String(), paths.String()))
	}
	slices.Sort(lines)
	return lines
}

func TestAgreesWithRPM(t *testing.T) {
	for name, wal := range map[string]string{"sqlite": "", "wal": "wal.log.zst", "bdb": "", "ndb": ""} {
		t.Run(name, func(t *testing.T) {
			if wal != "" {
				wal = testdata(t, wal)
			}
			db := testdata(t, name+".db.zst")
			all, problems, err := read(t, guestWith(t, db, wal))
			if err != nil || len(problems) > 0 {
				t.Fatal(problems, err)
			}
			want := strings.Split(strings.TrimRight(testdata(t, name+".query"), "\n"), "\n")
			slices.Sort(want)
			if diff := cmp.Diff(want, query(t, all)); diff != "" {
				t.Error("rpm -, guestctl +\n" + diff)
			}
			if wal == "" {
				agreesWithLibrary(t, db, all)
			}
		})
	}
}

// agreesWithLibrary holds the decoder of headers against the one of go-rpmdb.
func agreesWithLibrary(t *testing.T, db string, all []*Header) {
	file := filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(file, []byte(db), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := rpmdb.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	list, err := d.ListPackages()
	if err != nil || len(list) != len(all) {
		t.Fatalf("the library lists %d packages, %v, want %d", len(list), err, len(all))
	}
	for i, h := range all {
		names, err := list[i].InstalledFileNames()
		if err != nil || h.Name != list[i].Name || h.Version != list[i].Version || h.InstallTime != int64(list[i].InstallTime) {
			t.Errorf("package %d is %s %s, and %s %s by the library, %v", i, h.Name, h.Version, list[i].Name, list[i].Version, err)
		}
		files, err := h.Files()
		if err != nil || len(files) != len(names) {
			t.Errorf("%s has %d files, %v, and %d by the library", h.Name, len(files), err, len(names))
		}
	}
}

func TestFilesKnowTheirState(t *testing.T) {
	all, _, err := read(t, guestWith(t, testdata(t, "sqlite.db.zst"), ""))
	if err != nil {
		t.Fatal(err)
	}
	files, err := all[0].Files()
	want := []File{{"/etc/alpha.conf", true, 0}, {"/etc/alpha.state", true, Ghost}, {"/usr/bin/alpha", true, 0}}
	if diff := cmp.Diff(want, files); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestFind(t *testing.T) {
	for name, c := range map[string]struct{ files, want []string }{
		"none":                    {nil, nil},
		"old":                     {[]string{"/var/lib/rpm/Packages", "/var/lib/rpm/Name"}, []string{"/var/lib/rpm/Packages"}},
		"SUSE":                    {[]string{"/usr/lib/sysimage/rpm/Packages.db"}, []string{"/usr/lib/sysimage/rpm/Packages.db"}},
		"ostree":                  {[]string{"/usr/share/rpm/rpmdb.sqlite"}, []string{"/usr/share/rpm/rpmdb.sqlite"}},
		"a log without database":  {[]string{at + log}, []string{at}},
		"two forms, newest first": {[]string{"/var/lib/rpm/Packages", at}, []string{at, "/var/lib/rpm/Packages"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]memfs.File{}
			for _, f := range c.files {
				files[f] = memfs.File{Data: "x"}
			}
			got, errs := Find(factstest.Guest(t, files))
			if !slices.Equal(got, c.want) || len(errs) > 0 {
				t.Errorf("got %v, %v, want %v", got, errs, c.want)
			}
		})
	}
	linked := factstest.Guest(t, map[string]memfs.File{
		"/usr/lib/sysimage/rpm/rpmdb.sqlite": {Data: "x"}, "/var/lib/rpm": {Link: "../../usr/lib/sysimage/rpm"},
	})
	if got, _ := Find(linked); len(got) != 1 {
		t.Errorf("got %v, want one: the second is a link to the first", got)
	}
	broken := factstest.Guest(t, map[string]memfs.File{"/var/lib/rpm": {Mode: memfs.Dir().Mode, Err: binread.Corrupt("block 9")}})
	if _, errs := Find(broken); len(errs) == 0 {
		t.Error("a directory that cannot be read is no database")
	}
}

func TestCancelled(t *testing.T) {
	for _, name := range []string{"sqlite", "bdb", "ndb"} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := Read(ctx, guestWith(t, testdata(t, name+".db.zst"), ""), at, func(*Header) error { return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
