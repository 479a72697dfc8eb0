package journald

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectConfig(t testing.TB, files map[string]memfs.File) (facts.Journald, facts.Status) {
	t.Helper()
	c, status := factstest.Collect[facts.Journald](t, factstest.Guest(t, files), facts.Request{}, Collector)
	if c == nil {
		return nil, status
	}
	return *c, status
}

func TestFilesAreCatConfigs(t *testing.T) {
	a, err := txtar.ParseFile(filepath.Join("testdata", "cat-config.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	trees := factstest.Trees(t, filepath.Join("testdata", "trees.txtar"))
	for _, f := range a.Files {
		_, status := collectConfig(t, trees[f.Name])
		want := slices.DeleteFunc(strings.Fields(string(f.Data)), func(path string) bool { return trees[f.Name][path].Link == "/dev/null" })
		slices.Sort(want)
		if !slices.Equal(status.Files, want) {
			t.Errorf("%s: read %q, want %q", f.Name, status.Files, want)
		}
	}
}

func TestValues(t *testing.T) {
	trees := factstest.Trees(t, filepath.Join("testdata", "trees.txtar"))
	for name, want := range map[string]string{
		"main":    "persistent true /etc/systemd/journald.conf:3 [] effective=persistent compress=yes",
		"names":   "none true /usr/lib/systemd/journald.conf.d/95.conf:2 [volatile persistent] effective=none compress=yes",
		"same":    "auto false - [] effective=volatile compress=yes",
		"masked":  "volatile true /usr/lib/systemd/journald.conf:2 [] effective=volatile compress=yes",
		"section": "auto false - [] effective=volatile compress=no",
		"reset":   "auto false - [volatile] effective=volatile compress=yes",
	} {
		c, status := collectConfig(t, trees[name])
		v := c["Journal.Storage"]
		at, shadowed := "-", []string{}
		if v.Source != nil {
			at = fmt.Sprintf("%s:%d", v.Source.Path, v.Source.Line)
		}
		for _, s := range v.Shadowed {
			shadowed = append(shadowed, s.Value)
		}
		got := fmt.Sprintf("%s %v %s %v effective=%s compress=%s", v.Value, v.Explicit, at, shadowed, c["Effective.Storage"].Value, c["Journal.Compress"].Value)
		if got != want || status.State != facts.OK {
			t.Errorf("%s:\ngot  %s\nwant %s (%v)", name, got, want, status.Problems)
		}
	}
}

func TestAutoDependsOnTheDirectory(t *testing.T) {
	c, _ := collectConfig(t, map[string]memfs.File{"/var/log/journal": memfs.Dir(), "/usr/lib/systemd/systemd-journald": {}})
	if v := c["Effective.Storage"]; v.Value != "persistent" || v.Source.Path != store {
		t.Errorf("got %+v", v)
	}
}

func TestHostile(t *testing.T) {
	many := map[string]memfs.File{}
	for i := range 100_000 {
		many[fmt.Sprintf("/etc/systemd/journald.conf.d/%06d.conf", i)] = memfs.File{}
	}
	for name, c := range map[string]struct {
		files map[string]memfs.File
		state facts.State
	}{
		"not installed":    {nil, facts.Absent},
		"FIFO":             {map[string]memfs.File{"/etc/systemd/journald.conf": {Mode: filesys.ModeFIFO}}, facts.Partial},
		"no section":       {map[string]memfs.File{"/etc/systemd/journald.conf": {Data: "[Journal\nStorage"}}, facts.Partial},
		"link in a circle": {map[string]memfs.File{"/etc/systemd/journald.conf": {Link: "journald.conf"}}, facts.Partial},
		"100,000 drop-ins": {many, facts.Partial},
	} {
		if _, status := collectConfig(t, c.files); status.State != c.state {
			t.Errorf("%s: got %+v, want %s", name, status.State, c.state)
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add("[Journal]\nStorage=auto\n", "[Journal]\nStorage=\\\n none\n")
	f.Add("Storage", "[")
	f.Fuzz(func(t *testing.T, main, dropIn string) {
		c, _ := collectConfig(t, factstest.Text(map[string]string{"/etc/systemd/journald.conf": main, "/etc/systemd/journald.conf.d/a.conf": dropIn}))
		if c["Effective.Storage"] == nil {
			t.Error("no storage")
		}
	})
}
