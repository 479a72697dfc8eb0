package owners

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/internal/memfs"
)

// TestAgreesWithDpkgQuery holds all paths that are not diverted: of those dpkg-query names who lists them, not whose file
// is there.
func TestAgreesWithDpkgQuery(t *testing.T) {
	a, err := txtar.ParseFile("testdata/dpkg.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]memfs.File{}
	for _, f := range a.Files {
		files[f.Name] = memfs.File{Data: string(f.Data)}
	}
	x := load(t, files)
	answers, err := os.ReadFile("testdata/dpkg.query")
	if err != nil {
		t.Fatal(err)
	}
	paths, err := os.ReadFile("testdata/dpkg.paths")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	diverted := map[string]bool{}
	line := regexp.MustCompile(`^(.*): (/.*)$`)
	for answer := range strings.Lines(string(answers)) {
		m := line.FindStringSubmatch(strings.TrimSuffix(answer, "\n"))
		if strings.Contains(m[1], "diversion") {
			diverted[m[2]] = true
			continue
		}
		for pkg := range strings.SplitSeq(m[1], ", ") {
			pkg, _, _ = strings.Cut(pkg, ":")
			want[m[2]] = append(want[m[2]], pkg)
		}
	}
	seen := 0
	for path := range strings.Lines(string(paths)) {
		path = strings.TrimSuffix(path, "\n")
		if diverted[path] {
			continue
		}
		seen++
		slices.Sort(want[path])
		if got := slices.Sorted(slices.Values(x.Owners(path))); !slices.Equal(got, slices.Compact(want[path])) {
			t.Errorf("%s is of %v, want %v", path, got, want[path])
		}
	}
	if seen < 8 {
		t.Errorf("%d paths", seen)
	}
	for path, owner := range map[string]string{
		"/bin/sh": "dash", "/bin/sh.distrib": "mksh", "/usr/bin/pg_config": "postgresql-common", "/usr/bin/pg_config.libpq-dev": "libpq-dev",
		"/bin/ed": "", "/bin/ed.local": "ed",
	} {
		if got := x.Owner(path); got != owner {
			t.Errorf("diverted %s is of %q, want %q", path, got, owner)
		}
	}
}
