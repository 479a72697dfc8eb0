package shipped

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/internal/memfs"
)

const info = "/var/lib/dpkg/info/"

// described writes what the index says of the file at path in one line.
func described(x *Index, path string) string {
	f, ok := x.File(path)
	if !ok {
		return "none"
	}
	words := []string{f.Package, f.Manager}
	switch f.Type {
	case typeRegular:
		words = append(words, "file")
	case typeDirectory:
		words = append(words, "dir")
	}
	for _, flag := range []struct {
		name string
		set  bool
	}{{"digest", f.Hash != 0}, {"config", f.Config}, {"optional", f.Optional}, {"override", f.Override}} {
		if flag.set {
			words = append(words, flag.name)
		}
	}
	if f.Mode != nil {
		words = append(words, f.User+":"+f.Group, fmt.Sprintf("%04o", *f.Mode))
	}
	if f.UID != nil {
		words = append(words, "uid")
	}
	return strings.Join(append(words, fmt.Sprintf("%s:%d", f.Source.Path, f.Source.Line)), " ")
}

func TestDpkg(t *testing.T) {
	x := load(t, map[string]memfs.File{
		"/var/lib/dpkg/status": {Data: "Package: app\nArchitecture: amd64\nStatus: install ok installed\nConffiles:\n" +
			" /etc/app.conf " + hexMD5("c") + "\n /etc/old conf " + hexMD5("o") + " obsolete\n /etc/new newconffile\nDescription: x\n more\n\n" +
			"Package: gone\nArchitecture: amd64\nStatus: install ok installed\n\n"},
		"/var/lib/dpkg/diversions":    {Data: "/usr/bin/a\n/usr/bin/a.real\nother\n"},
		"/var/lib/dpkg/statoverride":  {Data: "root crontab 2755 /usr/bin/b\n#0 #42 640 /etc/app.conf\n"},
		"/etc/dpkg/dpkg.cfg.d/docker": {Data: "# slim\npath-exclude /usr/share/doc/*\npath-include=/usr/share/doc/*/copyright\n"},
		info + "app.list": {Data: "/.\n/etc\n/etc/app.conf\n/etc/new\n/etc/old conf\n/usr\n/usr/bin\n/usr/bin/a\n/usr/bin/b\n" +
			"/usr/share/doc/app/README\n/usr/share/doc/app/copyright\n"},
		info + "app.md5sums":                {Data: hexMD5("a") + "  usr/bin/a\n" + hexMD5("b") + "  ./usr/bin/b\n" + hexMD5("gone") + "  usr/bin/replaced\n"},
		info + "libx:amd64.list":            {Data: "/lib/x.so\n"},
		info + "libx:amd64.md5sums":         {Data: hexMD5("x") + "  lib/x.so\n"},
		"/var/lib/dpkg/status.d/tz.md5sums": {Data: hexMD5("z") + "  usr/share/zoneinfo/UTC\n"},
	})
	for _, p := range x.Problems {
		t.Errorf("%s: %v", p.Path, p.Err)
	}
	got := map[string]string{}
	want := map[string]string{
		"/etc":                         "app dpkg dir " + info + "app.list:2",
		"/etc/app.conf":                "app dpkg file digest config override : 0640 uid /var/lib/dpkg/status:5",
		"/etc/old conf":                "app dpkg file digest config optional /var/lib/dpkg/status:6",
		"/etc/new":                     "app dpkg file config /var/lib/dpkg/status:7",
		"/usr/bin/a":                   "none",
		"/usr/bin/a.real":              "app dpkg file digest " + info + "app.md5sums:1",
		"/usr/bin/b":                   "app dpkg file digest override root:crontab 2755 " + info + "app.md5sums:2",
		"/usr/bin/replaced":            "none",
		"/usr/share/doc/app/README":    "app dpkg optional " + info + "app.list:10",
		"/usr/share/doc/app/copyright": "app dpkg " + info + "app.list:11",
		"/lib/x.so":                    "libx dpkg file digest " + info + "libx:amd64.md5sums:1",
		"/usr/share/zoneinfo/UTC":      "tz dpkg file digest /var/lib/dpkg/status.d/tz.md5sums:1",
	}
	for path := range want {
		got[path] = described(x, path)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if w := x.Weaknesses; len(w) != 1 || w[0].Kind != Contradicted || !strings.Contains(w[0].Text, "gone") {
		t.Errorf("weaknesses %+v", w)
	}
}

func TestDatabaseThatIsGarbled(t *testing.T) {
	for name, files := range map[string]map[string]memfs.File{
		"digest too short":                    {info + "a.md5sums": {Data: "abc  bin/ls\n"}},
		"digest of other digits":              {info + "a.md5sums": {Data: strings.Repeat("z", 32) + "  bin/ls\n"}},
		"one space":                           {info + "a.md5sums": {Data: hexMD5("") + " bin/ls\n"}},
		"digests of a device":                 {info + "a.md5sums": {Mode: 0o020600}},
		"path that leads upwards":             {info + "a.list": {Data: "/bin/../../etc/shadow\n"}},
		"override without path":               {"/var/lib/dpkg/statoverride": {Data: "root root 755\n"}},
		"override with a mode of five digits": {"/var/lib/dpkg/statoverride": {Data: "root root 77777 /x\n"}},
		"conffile without digest":             {"/var/lib/dpkg/status": {Data: "Package: a\nConffiles:\n /etc/a\n\n"}},
		"pattern without its end":             {"/etc/dpkg/dpkg.cfg": {Data: "path-exclude=/usr/[^]x\n"}},
	} {
		all := map[string]memfs.File{info + "a.list": {Data: "/bin/ls\n"}}
		for path, f := range files {
			all[path] = f
		}
		if x := load(t, all); len(x.Problems) == 0 {
			t.Errorf("%s: no problem", name)
		}
	}
}

func TestPatternsOfDpkg(t *testing.T) {
	for _, c := range []struct {
		line, path string
		want       bool
	}{
		{"path-exclude=/usr/share/doc/*", "/usr/share/doc/a/b", true},
		{"path-exclude /usr/share/man/??/*", "/usr/share/man/de/x", true},
		{"path-exclude /usr/share/man/??/*", "/usr/share/man/man1/x", false},
		{`path-exclude="/usr/[!a-c]*"`, "/usr/d", true},
		{`path-exclude="/usr/[!a-c]*"`, "/usr/b", false},
		{`path-exclude=/a\*`, "/a*", true},
		{`path-exclude=/a\*`, "/ab", false},
		{"path-exclude=/a.b", "/aXb", false},
		{"#path-exclude=/a", "/a", false},
		{"force-unsafe-io", "/a", false},
	} {
		x, ok, err := parseExclude(c.line)
		if got := ok && (excludes{x}).match(c.path); err != nil || got != c.want {
			t.Errorf("%s leaves out %s: %t, %v", c.line, c.path, got, err)
		}
	}
}

func FuzzDpkg(f *testing.F) {
	f.Add("/.\n/bin\n/bin/ls\n", hexMD5("")+"  bin/ls\n", "Package: a\nConffiles:\n /etc/a "+hexMD5("")+" obsolete\n\n", "root root 4755 /bin/ls\n", "path-exclude=/usr/*\n")
	f.Add("/../../x\n//\n/\x00\n/loop/a\n", "  \n\\"+hexMD5("")+"  ..\n", ":\n x\nPackage\n", "#1 #x 9 /\n", "path-exclude=[\n--path-include='[!]]'\n")
	f.Fuzz(func(t *testing.T, list, sums, status, overrides, config string) {
		x := load(t, map[string]memfs.File{
			info + "a.list": {Data: list}, info + "a.md5sums": {Data: sums}, "/var/lib/dpkg/status": {Data: status},
			"/var/lib/dpkg/statoverride": {Data: overrides}, "/etc/dpkg/dpkg.cfg": {Data: config},
			"/bin": {Link: "usr/bin"}, "/usr/bin/ls": {}, "/loop": {Link: "loop"}, "/var/lib/dpkg/status.d/d.md5sums": {Data: sums},
		})
		before := ""
		for file := range x.Files() {
			if !strings.HasPrefix(file.Path, "/") || strings.Contains(file.Path, "/../") || file.Path < before {
				t.Errorf("%q is no path, or out of order", file.Path)
			}
			before = file.Path
			x.State(file.Path, sumOf(""))
		}
	})
}
