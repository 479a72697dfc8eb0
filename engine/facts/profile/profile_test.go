package profile

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectIn(t testing.TB, files map[string]memfs.File) (*facts.Profile, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Profile](t, factstest.Guest(t, files), facts.Request{}, Collector)
}

func found(p *facts.Profile) string {
	var b strings.Builder
	for _, u := range p.Umask {
		fmt.Fprintf(&b, "umask %s %s:%d;", u.Mode, u.Source.Path, u.Source.Line)
	}
	for _, v := range p.Tmout {
		n := int64(-1)
		if v.Value != nil {
			n = *v.Value
		}
		fmt.Fprintf(&b, "tmout %d %v %v;", n, v.ReadOnly, v.Exported)
	}
	for _, v := range p.RootPath {
		fmt.Fprintf(&b, "path %q;", v.Entries)
	}
	return b.String()
}

func TestSettings(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"umask":                         {"umask 027\n", "umask 0027 /etc/profile:1;"},
		"the same in short":             {"umask 27\n", "umask 0027 /etc/profile:1;"},
		"in a comment":                  {"# umask 022\n", ""},
		"indented in a condition":       {"if true; then\n  umask 077 # x\nfi", "umask 0077 /etc/profile:2;"},
		"all on one line":               {"if true; then umask 002; else umask 022; fi", "umask 0002 /etc/profile:1;umask 0022 /etc/profile:1;"},
		"after &&":                      {"[ a = b ] && umask 007\n", "umask 0007 /etc/profile:1;"},
		"symbolic":                      {"umask u=rwx,g=rx,o=\n", "umask 0027 /etc/profile:1;"},
		"symbolic for all":              {"umask a=rx\n", "umask 0222 /etc/profile:1;"},
		"symbolic that needs the old":   {"umask g-w\n", "umask  /etc/profile:1;"},
		"only printed":                  {"umask\numask -S\nold=`umask`\n", ""},
		"with its option":               {"umask -S 027\n", "umask 0027 /etc/profile:1;"},
		"said, not done":                {"echo umask 022\necho 'x; umask 022'\n", ""},
		"TMOUT":                         {"TMOUT=900\n", "tmout 900 false false;"},
		"TMOUT, then read-only":         {"TMOUT=900\nreadonly TMOUT\nexport TMOUT\n", "tmout 900 true true;"},
		"TMOUT in one":                  {"readonly TMOUT=600 ; export TMOUT", "tmout 600 true true;"},
		"TMOUT by declare":              {"declare -xr TMOUT=\"300\"", "tmout 300 true true;"},
		"TMOUT by typeset":              {"typeset -r TMOUT=0", "tmout 0 true false;"},
		"TMOUT that is computed":        {"TMOUT=$((60*15))", "tmout -1 false false;"},
		"TMOUT of one command":          {"echo TMOUT=5\n", ""},
		"PATH":                          {"export PATH=\"/usr/sbin:/usr/bin::.\"\n", `path ["/usr/sbin" "/usr/bin" "" "."];`},
		"PATH that adds":                {"PATH=$HOME/bin:$PATH\n", `path ["$HOME/bin" "$PATH"];`},
		"a name that only contains one": {"MANPATH=/x\nLD_LIBRARY_PATH=/y\nMYTMOUT=1\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, factstest.Text(map[string]string{"/etc/profile": c.text}))
			if d := cmp.Diff(c.want, found(got)); d != "" || status.State != facts.OK {
				t.Error(status, d)
			}
		})
	}
}

func TestFilesThatCount(t *testing.T) {
	got, _ := collectIn(t, factstest.Text(map[string]string{
		"/etc/profile.d/a.sh": "umask 1", "/etc/profile.d/a.csh": "umask 2", "/etc/profile.d/b": "umask 3", "/root/.bashrc": "umask 4",
		"/etc/bash.bashrc": "umask 5", "/home/bob/.bashrc": "umask 6", "/etc/profile": "umask 7",
	}))
	want := "umask 0007 /etc/profile:1;umask 0001 /etc/profile.d/a.sh:1;umask 0005 /etc/bash.bashrc:1;umask 0004 /root/.bashrc:1;"
	if d := cmp.Diff(want, found(got)); d != "" {
		t.Error(d)
	}
}

// TestMasksAreThoseOfTheShell compares with what sh printed, recorded by testdata/record.sh.
func TestMasksAreThoseOfTheShell(t *testing.T) {
	b, err := os.ReadFile("testdata/masks")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		text, want, _ := strings.Cut(strings.TrimSpace(line), " ")
		if got := umaskMode(text); got != want {
			t.Errorf("%s is %q, sh says %q", text, got, want)
		}
	}
}

func TestHostileProfiles(t *testing.T) {
	many := map[string]memfs.File{}
	for i := range maxFiles + 9 {
		many[fmt.Sprintf("/etc/profile.d/%d.sh", i)] = memfs.File{Data: "umask 022\n"}
	}
	for name, c := range map[string]struct {
		files map[string]memfs.File
		state facts.State
	}{
		"no file":                  {nil, facts.Absent},
		"a FIFO":                   {map[string]memfs.File{"/etc/profile": {Mode: 0o010644}}, facts.Partial},
		"a directory in profile.d": {map[string]memfs.File{"/etc/profile": {}, "/etc/profile.d/a.sh": memfs.Dir()}, facts.OK},
		"a dangling link":          {map[string]memfs.File{"/etc/profile": {Link: "nowhere"}}, facts.Absent},
		"a link to itself":         {map[string]memfs.File{"/etc/profile": {Link: "profile"}}, facts.Partial},
		"a line of 1 MB":           {factstest.Text(map[string]string{"/etc/profile": strings.Repeat("umask 022;", 1<<17)}), facts.Partial},
		"a million lines":          {factstest.Text(map[string]string{"/etc/profile": strings.Repeat("umask 022\n", 1<<18)}), facts.Partial},
		"too many files":           {many, facts.Partial},
		"NUL, and not UTF-8":       {factstest.Text(map[string]string{"/etc/profile": "PATH=\x00\xff:\n"}), facts.OK},
		"an open quote":            {factstest.Text(map[string]string{"/etc/profile": "PATH=\"/a:/b\numask 022"}), facts.OK},
	} {
		t.Run(name, func(t *testing.T) {
			if _, status := collectIn(t, c.files); status.State != c.state {
				t.Errorf("state %s %.300v, want %s", status.State, status.Problems, c.state)
			}
		})
	}
}

func FuzzCommands(f *testing.F) {
	f.Add("if [ a ]; then readonly TMOUT=\"9\\\"\" && umask u=rwx,go=; fi # x")
	f.Fuzz(func(t *testing.T, line string) {
		for _, c := range facts.ShellCommands(line) {
			if len(c) == 0 {
				t.Errorf("%q has an empty command", line)
			}
			add(&facts.Profile{}, c, facts.Source{}, 0)
			umaskMode(c[0])
		}
	})
}
