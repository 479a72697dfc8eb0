package apt

import (
	"bufio"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func tree(t testing.TB) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile("testdata/tree.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range a.Files {
		files[f.Name] = string(f.Data)
	}
	return files
}

func lines(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []string
	for sc := bufio.NewScanner(f); sc.Scan(); {
		all = append(all, sc.Text())
	}
	return all
}

func collectFrom(t testing.TB, files map[string]string) (*facts.Apt, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Apt](t, factstest.Guest(t, factstest.Text(files)), facts.Request{}, Collector)
}

func TestSettingsAreThoseOfAptConfig(t *testing.T) {
	a, st := collectFrom(t, tree(t))
	if st.State != facts.OK {
		t.Fatal(st)
	}
	var want []string
	for _, line := range lines(t, "conf.dump") {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, ";"), " ")
		if value == `""` && key != "Test::Empty" {
			continue // a node that only holds others
		}
		want = append(want, strings.ToLower(key)+" "+strings.Trim(value, `"`))
	}
	var got []string
	for key, v := range a.Conf {
		got = append(got, key+" "+v.Value)
	}
	for key, list := range a.Lists {
		for _, v := range list {
			got = append(got, key+":: "+v.Value)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("apt-config -, guestctl +\n" + diff)
	}
}

func TestSourcesAreThoseOfAptGet(t *testing.T) {
	a, _ := collectFrom(t, tree(t))
	fetched := map[string]bool{}
	for _, s := range a.Sources {
		for _, uri := range s.URIs {
			for _, suite := range s.Suites {
				at := uri + "/dists/" + suite + "/InRelease"
				if strings.HasSuffix(suite, "/") {
					at = uri + "/" + suite + "InRelease"
				}
				if s.Enabled {
					fetched[at] = true
				}
			}
		}
	}
	if diff := cmp.Diff(lines(t, "sources.dump"), slices.Sorted(maps.Keys(fetched))); diff != "" {
		t.Error("apt-get -, guestctl +\n" + diff)
	}
}

func TestSourcesKnowWhatIsChecked(t *testing.T) {
	a, _ := collectFrom(t, tree(t))
	by := map[string]facts.AptSource{}
	for _, s := range a.Sources {
		name := strings.TrimPrefix(strings.TrimSuffix(s.URIs[0], ".example/debian"), "http://")
		by[name+" "+s.Types[0]] = s
	}
	if s := by["two deb"]; s.SignedBy != "/usr/share/keyrings/two.gpg" || !slices.Equal(s.Architectures, []string{"amd64"}) || s.Trusted != nil || s.Source.Line != 3 {
		t.Errorf("two: %+v", s)
	}
	if s := by["three deb"]; s.Trusted == nil || !*s.Trusted {
		t.Errorf("trusted=yes: %+v", s)
	}
	if s := by["six deb"]; s.Enabled {
		t.Errorf("Enabled: no: %+v", s)
	}
	if s := by["seven deb"]; s.SignedBy != "embedded" || s.Trusted == nil || !*s.Trusted {
		t.Errorf("stanza with its key: %+v", s)
	}
	if s := by["four deb"]; len(s.URIs) != 2 || len(s.Suites) != 2 || s.SignedBy != "/usr/share/keyrings/four.gpg" || s.Source.Line != 2 {
		t.Errorf("four: %+v", s)
	}
	if len(a.Sources) != 8 {
		t.Errorf("%d sources", len(a.Sources))
	}
}

func TestValuesKnowWhatTheyOverrode(t *testing.T) {
	a, _ := collectFrom(t, tree(t))
	v := a.Conf["test::order"]
	want := &facts.Value[string]{
		Value: "main", Explicit: true, Source: &facts.Source{Path: "/etc/apt/apt.conf", Line: 1, Text: `test::order "main"`},
		Shadowed: []facts.Shadow[string]{
			{Source: facts.Source{Path: "/etc/apt/apt.conf.d/00first", Line: 3, Text: `test::order "first"`}, Value: "first"},
			{Source: facts.Source{Path: "/etc/apt/apt.conf.d/10second.conf", Line: 1, Text: `test::order "second"`}, Value: "second"},
		},
	}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Error(diff)
	}
}

func TestSecretsStay(t *testing.T) {
	a, _ := collectFrom(t, map[string]string{
		"/etc/apt/sources.list":             "deb https://user:hunter2@example.org/debian bookworm main\n",
		"/etc/apt/sources.list.d/x.sources": "Types: deb\nURIs: https://user:hunter2@example.org/\nSuites: s\n",
		"/etc/apt/apt.conf":                 `Acquire::http::Proxy "http://user:hunter2@proxy:3128";`,
	})
	for _, s := range a.Sources {
		if strings.Contains(s.URIs[0]+s.Source.Text, "hunter2") {
			t.Errorf("%+v", s)
		}
	}
	if v := a.Conf["acquire::http::proxy"]; strings.Contains(v.Value+v.Source.Text, "hunter2") {
		t.Errorf("%+v", v)
	}
}

func TestDamagedFiles(t *testing.T) {
	for name, c := range map[string]struct {
		path, text string
		line       int
	}{
		"type":              {"sources.list", "deb http://x y z\nrpm http://x y\n", 2},
		"no suite":          {"sources.list", "deb http://x\n", 1},
		"no ]":              {"sources.list", "deb [ trusted=yes http://x y\n", 1},
		"trusted maybe":     {"sources.list", "deb [trusted=maybe] http://x y z\n", 1},
		"no suites":         {"sources.list.d/a.sources", "Types: deb\nURIs: x\n", 1},
		"no field":          {"sources.list.d/a.sources", "Types: deb\nURIs: x\nSuites: s\nnothing\n", 4},
		"continues nothing": {"sources.list.d/a.sources", " x\n", 1},
		"enabled maybe":     {"sources.list.d/a.sources", "Types: deb\nURIs: x\nSuites: s\nEnabled: maybe\n", 4},
		"no end of a block": {"apt.conf", "A {\n B \"c\";\n", 3},
		"no end of string":  {"apt.conf", "A \"b;\n", 1},
		"no semicolon":      {"apt.conf", "A \"b\"\nC \"d\";\n", 2},
		"} too many":        {"apt.conf", "A \"b\";\n};\n", 2},
		"no name":           {"apt.conf", "{ };", 1},
		"blocks in blocks":  {"apt.conf", strings.Repeat("a{", 1000), 1},
		"a million of them": {"apt.conf", strings.Repeat("a b;", 200_000), 1},
		"zeros":             {"apt.conf", strings.Repeat("\x00", 4096), 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, st := collectFrom(t, map[string]string{dir + "/" + c.path: c.text})
			if st.State != facts.Partial || st.Problems[0].Path != dir+"/"+c.path || st.Problems[0].Line != c.line {
				t.Errorf("got %s %v, want a problem on line %d", st.State, st.Problems, c.line)
			}
		})
	}
	if _, st := factstest.Collect[facts.Apt](t, factstest.Guest(t, map[string]memfs.File{dir + "/sources.list": memfs.Dir()}), facts.Request{}, Collector); st.State != facts.Partial {
		t.Errorf("a directory: %s", st.State)
	}
	if _, st := collectFrom(t, nil); st.State != facts.Absent {
		t.Errorf("no apt: %s", st.State)
	}
}

func FuzzApt(f *testing.F) {
	files := tree(f)
	f.Add(files["/etc/apt/apt.conf.d/00first"], files["/etc/apt/sources.list"], files["/etc/apt/sources.list.d/a.sources"])
	f.Add("#clear a;\nA::B:: c;{", "deb [", "a:\n b")
	f.Fuzz(func(t *testing.T, conf, list, stanzas string) {
		a, _ := collectFrom(t, map[string]string{
			"/etc/apt/apt.conf": conf, "/etc/apt/sources.list": list, "/etc/apt/sources.list.d/a.sources": stanzas,
		})
		for key, v := range a.Conf {
			if key != strings.ToLower(key) || v.Source == nil || v.Source.Line < 1 {
				t.Errorf("%q: %+v", key, v)
			}
		}
	})
}
