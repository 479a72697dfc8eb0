package groups

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/nsswitch"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectIn(t testing.TB, files map[string]memfs.File) (*facts.Groups, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Groups](t, factstest.Guest(t, files), facts.Request{}, nsswitch.Collector, Collector)
}

// TestGroupsAreThoseOfTheCLibrary compares with what getent said, recorded by the script of package users.
func TestGroupsAreThoseOfTheCLibrary(t *testing.T) {
	a, err := txtar.ParseFile("../users/testdata/getent.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for line := range strings.Lines(string(a.Files[0].Data)) {
		if line, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "group "); ok && line[0] != '+' {
			f := strings.Split(line, ":")
			want = append(want, fmt.Sprintf("%s:%s:%s", f[0], f[2], f[3]))
		}
	}
	got, _ := collectIn(t, factstest.Trees(t, "../users/testdata/trees.txtar")["traps"])
	var lines []string
	for _, g := range *got {
		lines = append(lines, fmt.Sprintf("%s:%d:%s", g.Name, g.GID, strings.Join(g.Members, ",")))
	}
	if d := cmp.Diff(want, lines); d != "" || len(want) == 0 {
		t.Error("getent -, here +\n" + d)
	}
}

func TestGShadow(t *testing.T) {
	got, status := collectIn(t, factstest.Trees(t, "../users/testdata/trees.txtar")["traps"])
	if status.State != facts.OK {
		t.Fatal(status)
	}
	var lines []string
	for _, g := range *got {
		lines = append(lines, fmt.Sprintf("%s %s %s %v %v", g.Name, g.Password, g.GShadow.State, g.GShadow.Admins, g.GShadow.Members))
	}
	want := []string{
		"root x locked [] []",
		"daemon x locked [] []",
		"sudo x locked [] [alice bob carol]", // carol is not in group
		"users empty empty [] []",
		"alice x locked [] []",
		"bob hash hash [alice] [bob]",
		"nogroup x locked [] []",
		"adm x missing [] []",
		"sudo x locked [] [alice bob carol]",
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error("want -, got +\n" + d)
	}
}

func TestHostileGroups(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]memfs.File
		state facts.State
		count int
		known bool // what gshadow says
	}{
		"no group file":                   {nil, facts.Absent, 0, false},
		"no gshadow":                      {factstest.Text(map[string]string{"/etc/group": "a:x:1:\n"}), facts.OK, 1, false},
		"gshadow cannot be read":          {map[string]memfs.File{"/etc/group": {Data: "a:x:1:\n"}, "/etc/gshadow": {Data: "x", Err: errors.New("bad sector")}}, facts.Partial, 1, false},
		"short lines":                     {factstest.Text(map[string]string{"/etc/group": "a:x:1\nb:x\nc\n:x:1:\n", "/etc/gshadow": "a\n"}), facts.Partial, 1, true},
		"number that is none":             {factstest.Text(map[string]string{"/etc/group": "a:x::\nb:x:-1:\nc:x:99999999999:\n"}), facts.Partial, 0, false},
		"a million members":               {factstest.Text(map[string]string{"/etc/group": "a:x:1:" + strings.Repeat("u,", 1<<20)}), facts.OK, 1, false},
		"altfiles where nsswitch says so": {factstest.Text(map[string]string{"/etc/group": "a:x:1:\n", "/usr/lib/group": "b:x:2:\n", "/etc/nsswitch.conf": "group: files altfiles"}), facts.OK, 2, false},
		"no altfiles otherwise":           {factstest.Text(map[string]string{"/etc/group": "a:x:1:\n", "/usr/lib/group": "b:x:2:\n"}), facts.OK, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, c.files)
			if status.State != c.state {
				t.Errorf("state %s %v, want %s", status.State, status.Problems, c.state)
			}
			if got == nil || len(*got) == 0 {
				if c.count > 0 {
					t.Error("no groups")
				}
				return
			}
			if len(*got) != c.count || c.known != ((*got)[0].GShadow != nil) {
				t.Errorf("%d groups, gshadow of the first %v", len(*got), (*got)[0].GShadow)
			}
		})
	}
}
