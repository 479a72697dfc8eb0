package apk

import (
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

func collectFrom(t testing.TB, files map[string]string) (*facts.Apk, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Apk](t, factstest.Guest(t, factstest.Text(files)), facts.Request{}, Collector)
}

func TestRepositories(t *testing.T) {
	a, st := collectFrom(t, map[string]string{
		main:                                 "# comment\nhttps://user:hunter2@one.example/alpine/v3.20/main\n\n#https://commented.example/\n@edge https://two.example/alpine/edge/main\n/media/cdrom/apks\n",
		"/etc/apk/repositories.d/local.list": "http://three.example/\n",
		"/etc/apk/keys/one.rsa.pub":          "x", "/etc/apk/keys/readme": "x",
	})
	var got []string
	for _, r := range a.Repositories {
		got = append(got, r.Tag+" "+r.URL)
	}
	want := []string{" https://user:***@one.example/alpine/v3.20/main", "edge https://two.example/alpine/edge/main", " /media/cdrom/apks", " http://three.example/"}
	if st.State != facts.OK || !slices.Equal(got, want) || !slices.Equal(a.Keys, []string{"/etc/apk/keys/one.rsa.pub"}) {
		t.Errorf("%s: %q, %q", st.State, got, a.Keys)
	}
	if r := a.Repositories[0].Source; r.Line != 2 || strings.Contains(r.Text, "hunter2") {
		t.Errorf("%+v", r)
	}
}

func TestDamagedFiles(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		state facts.State
	}{
		"none":                {nil, facts.Absent},
		"a tag alone":         {map[string]string{main: "@edge\n"}, facts.Partial},
		"a hundred thousands": {map[string]string{main: strings.Repeat("http://x/\n", 100_000)}, facts.Partial},
		"keys without a file": {map[string]string{"/etc/apk/keys/a.pub": ""}, facts.OK},
	} {
		if _, st := collectFrom(t, c.files); st.State != c.state {
			t.Errorf("%s: %s, want %s", name, st.State, c.state)
		}
	}
}

func FuzzRepositories(f *testing.F) {
	f.Add("@edge https://two.example/\n#x\n@\n")
	f.Fuzz(func(t *testing.T, text string) {
		a, _ := collectFrom(t, map[string]string{main: text})
		for _, r := range a.Repositories {
			if r.URL == "" || r.Source.Line < 1 {
				t.Errorf("%+v", r)
			}
		}
	})
}
