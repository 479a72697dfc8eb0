package chrony

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const debian = "/etc/chrony/chrony.conf"

func TestTraps(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"server and pool":         {map[string]string{debian: "! c\n; c\n% c\nServer a iburst\npool b maxsources 2\npeer d\n"}, "servers=[a] pools=[b] user=-"},
		"Red Hat's file":          {map[string]string{"/etc/chrony.conf": "server a\nuser chrony\n"}, "servers=[a] pools=[] user=chrony"},
		"user is not made up":     {map[string]string{debian: "\n"}, "servers=[] pools=[] user=-"},
		"confdir in its place":    {map[string]string{debian: "confdir /etc/chrony/conf.d /run/c\nuser z\n", "/etc/chrony/conf.d/b.conf": "user y\nserver b\n", "/run/c/a.conf": "server a\n", "/run/c/b.conf": "server hidden\n", "/run/c/x.txt": "server x\n"}, "servers=[a b] pools=[] user=z"},
		"sourcedir after all":     {map[string]string{debian: "sourcedir /etc/chrony/sources.d\nserver a\n", "/etc/chrony/sources.d/x.sources": "pool p\n", "/etc/chrony/sources.d/x.conf": "pool q\n"}, "servers=[a] pools=[p] user=-"},
		"include takes a pattern": {map[string]string{debian: "include /etc/chrony/inc/*.c\n", "/etc/chrony/inc/b.c": "server b\n", "/etc/chrony/inc/a.c": "server a\n"}, "servers=[a b] pools=[] user=-"},
	} {
		c1, status := factstest.Collect[facts.Chrony](t, factstest.Guest(t, factstest.Text(c.files)), facts.Request{}, Collector)
		if c1 == nil || status.State != facts.OK {
			t.Errorf("%s: %+v", name, status)
			continue
		}
		user := "-"
		if c1.User != nil {
			user = c1.User.Value
		}
		if got := fmt.Sprintf("servers=%v pools=%v user=%s", names(c1.Servers), names(c1.Pools), user); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func names(list []facts.TimeServer) []string {
	var all []string
	for _, s := range list {
		all = append(all, s.Name)
	}
	return all
}

func TestHostile(t *testing.T) {
	many := map[string]memfs.File{debian: {Data: "confdir /d\n"}}
	for i := range maxFiles + 10 {
		many[fmt.Sprintf("/d/%05d.conf", i)] = memfs.File{}
	}
	for name, files := range map[string]map[string]memfs.File{
		"includes itself":    {debian: {Data: "include " + debian + "\n"}},
		"includes nothing":   {debian: {Data: "include /none\n"}},
		"without argument":   {debian: {Data: "server\nuser\n"}},
		"line too long":      {debian: {Data: "server " + strings.Repeat("x", 1<<20)}},
		"too many files":     many,
		"directory":          {debian: memfs.Dir()},
		"FIFO in confdir":    {debian: {Data: "confdir /d\n"}, "/d/a.conf": {Mode: filesys.ModeFIFO}},
		"setting in sources": {debian: {Data: "sourcedir /d\n"}, "/d/a.sources": {Data: "user x\n"}},
	} {
		if c, status := factstest.Collect[facts.Chrony](t, factstest.Guest(t, files), facts.Request{}, Collector); c == nil || status.State != facts.Partial {
			t.Errorf("%s: got %+v", name, status)
		}
	}
	if _, status := factstest.Collect[facts.Chrony](t, factstest.Guest(t, nil), facts.Request{}, Collector); status.State != facts.Absent {
		t.Errorf("not installed: %+v", status)
	}
}

func FuzzChrony(f *testing.F) {
	f.Add("server a iburst\ninclude /etc/chrony/*\nconfdir /etc/chrony\nsourcedir /x\n", "pool x\n")
	f.Fuzz(func(t *testing.T, main, other string) {
		c, status := factstest.Collect[facts.Chrony](t, factstest.Guest(t, factstest.Text(map[string]string{debian: main, "/x/a.sources": other, "/x/a.conf": other})), facts.Request{}, Collector)
		if c == nil {
			t.Errorf("%+v", status)
		}
	})
}

// TestConfigurationIsChronyds compares with what chronyd printed: its sources of each kind in order, and the last user.
func TestConfigurationIsChronyds(t *testing.T) {
	answers, err := txtar.ParseFile(filepath.Join("testdata", "chronyd.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	trees := factstest.Trees(t, filepath.Join("testdata", "trees.txtar"))
	for _, a := range answers.Files {
		want, user := map[string][]string{}, ""
		for line := range strings.Lines(string(a.Data)) {
			words := strings.Fields(line)
			switch key := strings.ToLower(words[0]); key {
			case "server", "pool", "peer":
				want[key] = append(want[key], strings.Join(words[1:], " "))
			case "user":
				user = words[1]
			}
		}
		c, status := factstest.Collect[facts.Chrony](t, factstest.Guest(t, trees[a.Name]), facts.Request{}, Collector)
		if c == nil || status.State != facts.OK {
			t.Errorf("%s: %+v", a.Name, status)
			continue
		}
		got := map[string][]string{}
		for _, s := range slices.Concat(c.Servers, c.Pools, c.Peers) {
			got[s.Kind] = append(got[s.Kind], strings.Join(append([]string{s.Name}, s.Options...), " "))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: want -, got +\n%s", a.Name, d)
		}
		if c.User == nil || c.User.Value != user {
			t.Errorf("%s: user is %+v, want %s", a.Name, c.User, user)
		}
	}
}
