package shipped

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/internal/memfs"
)

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}

func pacmanFiles(files, mtree string) map[string]memfs.File {
	at := pacmanLocal + "/a-b-1:2-3/"
	return map[string]memfs.File{
		pacmanLocal + "/ALPM_DB_VERSION": {Data: "9\n"}, at + "desc": {}, at + "files": {Data: files}, at + "mtree": {Data: mtree},
	}
}

const (
	pacmanList = "%FILES%\netc/\netc/conf\nusr/\nusr/a b\nusr/link\n\n%BACKUP%\netc/conf\t0123\n"
	someMtree  = "#mtree\n/set type=file uid=0 gid=0 mode=644\n./.PKGINFO time=1.0 size=3\n./etc time=1.0 mode=755 type=dir\n" +
		"./etc/conf time=1.0 size=2 md5digest=2cd6ee2c70b0bde53fbe6cac3c8b8bb1 sha256digest=a3a5e715f0cc574a73c3f9bebb6bc24f32ffd5b67b387244c2c909da779a1478\n" +
		"/set mode=755\n./usr type=dir uid=1\n/unset mode\n./usr/a\\040b size=3 md5digest=2cd6ee2c70b0bde53fbe6cac3c8b8bb1 \\\n  mode=4755\n" +
		"./usr/link type=link link=a\\040b\\\\\n"
)

func TestPacman(t *testing.T) {
	x := load(t, pacmanFiles(pacmanList, zipped(someMtree)))
	if len(x.Problems) > 0 {
		t.Error(x.Problems)
	}
	want := []string{
		"/etc a-b 40000/755 0:0 - - - [-]", "/etc/conf a-b 100000/644 0:0 2 SHA-256:a3a5e715 - [-] config", "/usr a-b 40000/755 1:0 - - - [-]",
		"/usr/a b a-b 100000/4755 0:0 3 MD5:2cd6ee2c - [-]", `/usr/link a-b 120000/- 0:0 - - a b\ [-]`,
	}
	if diff := cmp.Diff(want, summary(x)); diff != "" {
		t.Error(diff)
	}
}

// TestDamagedPacmanDatabases: the damage is told, and each file of the list is there.
func TestDamagedPacmanDatabases(t *testing.T) {
	const md5 = "2cd6ee2c70b0bde53fbe6cac3c8b8bb1"
	for name, c := range map[string]struct{ mtree, says string }{
		"no mtree":                        {"", "EOF"},
		"not compressed":                  {someMtree, "invalid header"},
		"cut in half":                     {zipped(someMtree)[:100], "unexpected EOF"},
		"a checksum that is wrong":        {zipped(someMtree)[:len(zipped(someMtree))-8] + "12345678", "checksum"},
		"a line without end":              {zipped(someMtree + "./etc/x " + strings.Repeat("x", maxMtreeLine)), "line of more than"},
		"lines that go on and on":         {zipped(someMtree + strings.Repeat(strings.Repeat("x", 1000)+"\\\n", 100)), "line of more than"},
		"ends where a line goes on":       {zipped(someMtree + "./etc \\\n"), "middle of a line"},
		"words without end":               {zipped(someMtree + "./etc " + strings.Repeat("x ", 100) + "\n"), "line 12: 101 words"},
		"a file that is not in the list":  {zipped(someMtree + "./etc/shadow size=1\n"), "line 12: \"/etc/shadow\" is not among the files"},
		"a file that is not described":    {zipped(strings.ReplaceAll(someMtree, "./usr/link", "#")), "1 files of \"a-b\" are not described"},
		"a name without its folder":       {zipped(someMtree + "etc size=1\n"), "without its directory"},
		"an escape that is not known":     {zipped(someMtree + "./etc/\\q size=1\n"), "escape that is not known"},
		"a type that is not known":        {zipped(someMtree + "./etc type=door\n"), "no type"},
		"a mode with an 8":                {zipped(someMtree + "./etc mode=788\n"), "mode=\"788\""},
		"a mode with a type":              {zipped(someMtree + "./etc mode=40755\n"), "mode=\"40755\""},
		"a size below zero":               {zipped(someMtree + "./etc size=-1\n"), "size=\"-1\""},
		"a user above four thousand mill": {zipped(someMtree + "./etc uid=4294967296\n"), "uid="},
		"a short digest":                  {zipped(someMtree + "./etc/conf md5=" + md5[1:] + "\n"), "want 32 hexadecimal digits"},
		"a digest of another kind":        {zipped(someMtree + "./etc/conf sha256digest=" + md5 + "\n"), "want 64 hexadecimal digits"},
		"a digest of no digits":           {zipped(someMtree + "./etc/conf md5=" + strings.Repeat("x", 32) + "\n"), "want 32 hexadecimal digits"},
	} {
		t.Run(name, func(t *testing.T) {
			x := load(t, pacmanFiles(pacmanList, c.mtree))
			if len(x.Problems) == 0 || !strings.Contains(x.Problems[0].Err.Error(), c.says) {
				t.Errorf("got %v, want a problem that says %q", x.Problems, c.says)
			}
			for _, path := range []string{"/etc", "/etc/conf", "/usr", "/usr/a b", "/usr/link"} {
				if x.Owner(path) != "a-b" {
					t.Errorf("%s is of %q", path, x.Owner(path))
				}
			}
		})
	}
	files := pacmanFiles(pacmanList, "")
	delete(files, pacmanLocal+"/a-b-1:2-3/mtree")
	if x := load(t, files); len(x.Problems) != 2 || x.Len() != 5 {
		t.Errorf("without mtree: %v, %d files", x.Problems, x.Len())
	}
}

func TestNamesAreUnescaped(t *testing.T) {
	for s, want := range map[string]string{
		`a\040b`: "a b", `\303\274`: "ü", `a\sb\tc\nd`: "a b\tc\nd", `\\`: `\`, `\134`: `\`, `\#`: "#", `plain`: "plain", `\1`: "", `\`: "", `\x41`: "", `\400`: "",
	} {
		if got, err := unvis(s); got != want || (err != nil) != (want == "") {
			t.Errorf("%q is %q, %v; want %q", s, got, err, want)
		}
	}
}

// TestFilesThatPacmanLeavesOut: the last pattern that matches counts; scanner/packages holds it against pacman.
func TestFilesThatPacmanLeavesOut(t *testing.T) {
	files := pacmanFiles(pacmanList, zipped(someMtree))
	files[pacmanConf] = memfs.File{Data: "[options]\n#NoExtract = etc*\nNoExtract = usr/*  etc/[\nNoExtract=!usr/link"}
	x := load(t, files)
	for path, want := range map[string]bool{"/usr/a b": true, "/usr/link": false, "/etc/conf": false, "/usr": false} {
		if f, ok := x.File(path); !ok || f.Optional != want {
			t.Errorf("%s: %+v, want optional: %v", path, f, want)
		}
	}
	files[pacmanConf] = memfs.File{Data: "NoExtract = " + strings.Repeat("x", maxExclusion) + "\n"}
	if x := load(t, files); len(x.Problems) != 1 {
		t.Errorf("a pattern without end: %v", x.Problems)
	}
}

func FuzzMtree(f *testing.F) {
	f.Add(pacmanList, someMtree)
	f.Add("%FILES%\n..\n", "/set type=dir\n/unset all\n./.. link=\\0\n.\n/\n \\\n")
	f.Fuzz(func(t *testing.T, files, mtree string) { sound(t, load(t, pacmanFiles(files, zipped(mtree)))) })
}
