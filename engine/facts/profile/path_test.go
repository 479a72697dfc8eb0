package profile

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/memfs"
)

func described(p *facts.Profile) []string {
	all := []string{}
	for _, d := range p.PathDirs {
		exists := "?"
		if d.Exists != nil {
			exists = strconv.FormatBool(*d.Exists)
		}
		all = append(all, strings.TrimSpace(fmt.Sprintf("%q %s %s %s", d.Dir, exists, d.Type, d.Mode)))
	}
	return all
}

func TestDirectoriesOfPath(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"each once, in order":       {"PATH=/usr/sbin:/usr/bin\nPATH=/usr/bin:/opt/x\n", []string{`"/usr/sbin" true dir 0755`, `"/usr/bin" true dir 0755`, `"/opt/x" false`}},
		"through a link":            {"PATH=/bin\n", []string{`"/bin" true dir 0755`}},
		"writable":                  {"PATH=/opt/open\n", []string{`"/opt/open" true dir 0777`}},
		"a file":                    {"PATH=/opt/file:/opt/file/x\n", []string{`"/opt/file" true file 0644`, `"/opt/file/x" false`}},
		"empty elements":            {"PATH=/bin::\n", []string{`"/bin" true dir 0755`, `"" ?`}},
		"assigned nothing":          {"PATH=\n", []string{`"" ?`}},
		"the current directory":     {"PATH=.:bin:..\n", []string{`"." ?`, `"bin" ?`, `".." ?`}},
		"what was there before":     {"PATH=$PATH:${PATH}:/bin\n", []string{`"/bin" true dir 0755`}},
		"appended if there is one":  {"PATH=/bin${PATH:+:${PATH}}\nPATH=${PATH:+$PATH:}/opt/x\n", []string{`"/bin" true dir 0755`, `"/opt/x" false`}},
		"home of root":              {"PATH=$HOME/bin:~/b:${HOME}/c:~:$HOMES/x\n", []string{`"$HOME/bin" true dir 0700`, `"~/b" false`, `"${HOME}/c" false`, `"~" true dir 0755`, `"$HOMES/x" ?`}},
		"another's home":            {"PATH=~bob/bin\n", []string{`"~bob/bin" ?`}},
		"a variable, and a command": {"PATH=/opt/$X:`x`\nPATH=/y/\"`pwd`\"\n", []string{`"/opt/$X" ?`, "\"`x`\" ?", "\"/y/`pwd`\" ?"}},
		"parameters of a function":  {"f() {\nPATH=$1:${2}:/bin:$PATH\n}\n", []string{`"/bin" true dir 0755`}},
		"Red Hat's function":        {"pathmunge () {\nPATH=$PATH:$1\n}\npathmunge /opt/open after\nif x; then pathmunge /opt/x; fi\n", []string{`"/opt/open" true dir 0777`, `"/opt/x" false`}},
		"no assignment":             {"umask 022\necho PATH=/x\n", []string{}},
		"colon in braces":           {"PATH=${X:-/a:/b}:/bin\n", []string{`"${X:-/a:/b}" ?`, `"/bin" true dir 0755`}},
		"a brace that stays open":   {"PATH=${X:/bin\n", []string{`"${X:/bin" ?`}},
		"NUL":                       {"PATH=/a\x00b\n", []string{`"/a\x00b" false`}},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, map[string]memfs.File{
				"/etc/profile": {Data: c.text}, "/usr/bin": memfs.Dir(), "/usr/sbin": memfs.Dir(), "/bin": {Link: "usr/bin"}, "/opt/file": {},
				"/opt/open": {Mode: memfs.Dir().Mode | 0o777}, "/root/bin": {Mode: memfs.Dir().Mode &^ 0o055},
			})
			if d := cmp.Diff(c.want, described(got)); d != "" || status.State != facts.OK {
				t.Errorf("%s %v; want -, got +\n%s", status.State, status.Problems, d)
			}
		})
	}
}

func TestOwnersOfPath(t *testing.T) {
	bin := memfs.Dir()
	bin.UID, bin.GID = 1000, 50
	got, _ := collectIn(t, map[string]memfs.File{
		"/etc/profile": {Data: "PATH=/opt/bin\n"}, "/opt/bin": bin,
		"/etc/passwd": {Data: "bob:x:1000:1000::/:/bin/sh\n"}, "/etc/group": {Data: "staff:x:50:\n"},
	})
	exists := true
	want := []facts.PathDir{{Dir: "/opt/bin", Exists: &exists, Type: "dir", Mode: "0755", UID: 1000, GID: 50, Owner: "bob", Group: "staff"}}
	if d := cmp.Diff(want, got.PathDirs); d != "" {
		t.Error(d)
	}
}

// TestDirectoriesThatCannotBeSeen makes sure that a directory nothing is known of is told as a problem.
func TestDirectoriesThatCannotBeSeen(t *testing.T) {
	var many strings.Builder
	for i := range maxDirs + 9 {
		fmt.Fprintf(&many, "PATH=/d/%d\n", i)
	}
	for name, files := range map[string]map[string]memfs.File{
		"on a volume that is missing": {"/etc/fstab": {Data: "LABEL=opt /opt ext4 defaults 0 2\n"}, "/etc/profile": {Data: "PATH=/opt/bin\n"}},
		"a link to itself":            {"/bin": {Link: "bin"}, "/etc/profile": {Data: "PATH=/bin\n"}},
		"too many":                    {"/etc/profile": {Data: many.String()}},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, files)
			if status.State != facts.Partial || len(got.PathDirs) > maxDirs {
				t.Errorf("%s with %d directories", status.State, len(got.PathDirs))
			}
			for _, d := range got.PathDirs {
				if d.Exists != nil && *d.Exists {
					t.Errorf("%+v", d)
				}
			}
		})
	}
}

func FuzzSplitPath(f *testing.F) {
	f.Add("/a:${B:+:$B}::$PATH")
	f.Add("${:}}:{")
	f.Fuzz(func(t *testing.T, value string) {
		if got := strings.Join(splitPath(value), ":"); got != value {
			t.Errorf("%q became %q", value, got)
		}
		expandHome(before.Replace(value))
	})
}
