package shipped

import (
	"crypto"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func load(t testing.TB, files map[string]memfs.File) *Index {
	t.Helper()
	x, err := Load(t.Context(), factstest.Guest(t, files))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func sumOf(content string) func(crypto.Hash) ([]byte, error) {
	return func(h crypto.Hash) ([]byte, error) {
		d := h.New()
		d.Write([]byte(content))
		return d.Sum(nil), nil
	}
}

func hexMD5(content string) string {
	sum := md5.Sum([]byte(content))
	return hex.EncodeToString(sum[:])
}

func TestState(t *testing.T) {
	x := load(t, map[string]memfs.File{
		"/bin":                                 {Link: "usr/bin"},
		"/usr/bin/ls":                          {},
		"/var/lib/dpkg/info/coreutils.list":    {Data: "/.\n/bin\n/bin/ls\n/bin/link\n"},
		"/var/lib/dpkg/info/coreutils.md5sums": {Data: hexMD5("elf") + "  bin/ls\n"},
		"/var/lib/dpkg/info/other.list":        {Data: "/.\n/bin\n"},
		"/var/lib/dpkg/info/other.md5sums":     {},
	})
	unreadable := func(crypto.Hash) ([]byte, error) { return nil, errors.New("bad sector") }
	for _, c := range []struct {
		name, path string
		sum        func(crypto.Hash) ([]byte, error)
		pkg        string
		want       finding.Shipped
	}{
		{"as shipped, by the path without links", "/usr/bin/ls", sumOf("elf"), "coreutils", finding.AsShipped},
		{"other content", "/usr/bin/ls", sumOf("evil"), "coreutils", finding.Modified},
		{"content that cannot be read", "/usr/bin/ls", unreadable, "coreutils", finding.ShippedUnknown},
		{"no digest", "/usr/bin/link", unreadable, "coreutils", finding.NotVerifiable},
		{"no owner", "/usr/bin/rm", unreadable, "", finding.NotPackaged},
		{"path with links", "/bin/ls", unreadable, "", finding.NotPackaged},
	} {
		if pkg, got := x.State(c.path, c.sum); pkg != c.pkg || got != c.want {
			t.Errorf("%s: %q %s, want %q %s", c.name, pkg, got, c.pkg, c.want)
		}
	}
	if got := x.Owners("/bin"); !slices.Equal(got, []string{"coreutils", "other"}) || x.Owner("/bin") != "coreutils" {
		t.Errorf("/bin is of %q, first of %q", got, x.Owner("/bin"))
	}
	if !x.Holds("/usr/bin") || !x.Holds("/usr") || !x.Holds("/") || x.Holds("/usr/bi") || x.Holds("/usr/bin/ls") || x.Holds("/zzz") {
		t.Error("directories that hold files of packages are not told")
	}
}

func TestNothingIsKnownWithoutADatabase(t *testing.T) {
	none := load(t, map[string]memfs.File{"/bin/ls": {}})
	if _, got := none.State("/bin/ls", sumOf("")); got != finding.ShippedUnknown {
		t.Errorf("without a database: %s", got)
	}
	cut := load(t, map[string]memfs.File{"/bin/ls": {}, "/var/lib/dpkg/info/a.list": {Data: "/bin"}})
	if _, got := cut.State("/bin/ls", sumOf("")); got != finding.ShippedUnknown {
		t.Errorf("with a list that was cut: %s", got)
	}
}

func TestDigestsAreAskedForOnce(t *testing.T) {
	files := map[string]memfs.File{}
	for _, pkg := range []string{"a", "b", "c"} {
		files["/var/lib/dpkg/info/"+pkg+".list"] = memfs.File{Data: "/shared\n"}
		files["/var/lib/dpkg/info/"+pkg+".md5sums"] = memfs.File{Data: hexMD5(pkg) + "  shared\n"}
	}
	x := load(t, files)
	asked := 0
	pkg, state := x.State("/shared", func(h crypto.Hash) ([]byte, error) {
		asked++
		return sumOf("c")(h)
	})
	if pkg != "c" || state != finding.AsShipped || asked != 1 {
		t.Errorf("%q %s, asked %d times", pkg, state, asked)
	}
	if len(x.Weaknesses) != 2 || x.Weaknesses[0].Kind != Contradicted {
		t.Errorf("weaknesses %+v", x.Weaknesses)
	}
}

func TestFilesAreInOrder(t *testing.T) {
	x := load(t, map[string]memfs.File{
		"/var/lib/dpkg/info/b.list": {Data: "/z\n/a\n/m/x\n"}, "/var/lib/dpkg/info/a.list": {Data: "/m\n/m/x\n"},
	})
	var got []string
	for f := range x.Files() {
		got = append(got, f.Path+" "+f.Package)
	}
	if want := "/a b, /m a, /m/x a, /m/x b, /z b"; strings.Join(got, ", ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}
