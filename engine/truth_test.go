package engine_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	builtImages = "../build/images"
	recordings  = "../testdata/truth"
)

// difference is one place where the facts are not what the tool says, and why that is right.
type difference struct {
	guest, domain string // guest is "" where it is so for all of them
	what          string // matches the whole name of what was compared, as a regular expression
	reason        string
}

// truth is one guest with what its own tools say about it: see testdata/record-truth.sh.
type truth struct {
	name   string
	domain string
	doc    *facts.Document
	used   []bool // of justified
}

// TestTruth compares the facts of the real Debian 12, and of its hardened and its broken variant, with what the tools of
// each say about it.
func TestTruth(t *testing.T) {
	domains := []struct {
		name    string
		compare func(t *testing.T, g *truth)
	}{
		{"packages", comparePackages},
		{"users", compareAccounts},
		{"sudoers", compareSudoers},
		{"sshd", compareSSHD},
		{"units", compareUnits},
		{"mounts", compareMounts},
		{"sysctl", compareSysctl},
		{"modprobe", compareModprobe},
		{"systemd", compareSystemdConfig},
		{"audit", compareAudit},
		{"pam", comparePAM},
	}
	used, compared := make([]bool, len(justified)), 0
	for _, name := range []string{"debian12", "hardened", "broken"} {
		t.Run(name, func(t *testing.T) {
			g := &truth{name: name, doc: factsOf(t, name), used: used}
			for _, d := range domains {
				t.Run(d.name, func(t *testing.T) {
					g.domain = d.name
					d.compare(t, g)
				})
			}
			compared++
		})
	}
	for i, d := range justified {
		if !used[i] && compared == 3 {
			t.Errorf("%s: %s is no difference any more", d.domain, d.what)
		}
	}
}

// factsOf gathers all facts of an image that make images builds.
func factsOf(t *testing.T, name string) *facts.Document {
	t.Helper()
	image := filepath.Join(builtImages, "debian12.raw")
	if name != "debian12" {
		image = filepath.Join(builtImages, "debian12-"+name+".qcow2")
	}
	if _, err := os.Stat(image); errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("GUESTCTL_IMAGES") == "required" {
			t.Fatal(err)
		}
		t.Skipf("%v: build it with make images", err)
	}
	m := open(t, image)
	if len(m.Guests) != 1 {
		t.Fatalf("%d guests, want 1", len(m.Guests))
	}
	doc, err := m.Facts(t.Context(), m.Guests[0], facts.Request{Domains: []string{
		"packages", "users", "groups", "sudoers", "sshd", "units", "mounts", "sysctl", "modprobe", "kernel", "journald",
		"coredump", "timesyncd", "logind", "audit", "pam",
	}}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// get takes a domain out of the guest's facts. Its state must be one of those given, or OK.
func get[T any](t *testing.T, g *truth, domain string, states ...facts.State) *T {
	t.Helper()
	st := g.doc.Collectors[domain]
	if !slices.Contains(append(states, facts.OK), st.State) {
		t.Errorf("%s is %s: %v", domain, st.State, st.Problems)
	}
	v, ok := facts.Get[T](g.doc, domain)
	if !ok {
		t.Fatalf("no facts of %s: %v", domain, st)
	}
	return v
}

// recorded returns the lines of a file that the tools' answers are in.
func (g *truth) recorded(t *testing.T, file string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(recordings, g.name, file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// answers returns what the tools said, by what they were asked, of a file with several answers.
func (g *truth) answers(t *testing.T, file string) map[string][]string {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join(recordings, g.name, file))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, f := range a.Files {
		all[f.Name] = nil
		for line := range strings.Lines(string(f.Data)) {
			all[f.Name] = append(all[f.Name], strings.TrimSuffix(line, "\n"))
		}
	}
	return all
}

// same compares what is said of one thing.
func (g *truth) same(t *testing.T, what, tool, here string) {
	t.Helper()
	if tool == here {
		return
	}
	for i, d := range justified {
		if (d.guest == g.name || d.guest == "") && d.domain == g.domain && regexp.MustCompile("^(?:"+d.what+")$").MatchString(what) {
			g.used[i] = true
			return
		}
	}
	t.Errorf("%s:\n  tool: %s\n  here: %s", what, tool, here)
}

// sameLists compares two lists entry by entry, so that one entry too many is one difference.
func (g *truth) sameLists(t *testing.T, what string, tool, here []string) {
	t.Helper()
	count := map[string]int{}
	for _, s := range tool {
		count[s]++
	}
	for _, s := range here {
		count[s]--
	}
	before := t.Failed()
	for _, s := range slices.Concat(tool, here) {
		switch n := count[s]; {
		case n > 0:
			g.same(t, what+" "+s, s, "nothing")
		case n < 0:
			g.same(t, what+" "+s, "nothing", s)
		}
		count[s] = 0
	}
	if t.Failed() == before && len(tool) == len(here) && !slices.Equal(tool, here) {
		g.same(t, what+" in order", fmt.Sprintf("%q", tool), fmt.Sprintf("%q", here))
	}
}
