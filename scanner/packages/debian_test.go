package packages

import (
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	debianDisk = "../../build/images/debian12.raw"
	truth      = "../../testdata/truth/"
)

// onDebian verifies the real Debian 12 disk that make images builds, after the changes.
func onDebian(t *testing.T, opts Options, changes ...string) (*guest.Guest, *Result) {
	t.Helper()
	if _, err := os.Stat(debianDisk); err != nil {
		if os.Getenv("GUESTCTL_IMAGES") == "required" {
			t.Fatal(err)
		}
		t.Skipf("%v: build it with make images", err)
	}
	m, err := engine.Open(t.Context(), []string{debianDisk}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	g, err := m.View(t.Context(), "auto")
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) > 0 {
		v := g.Root
		p := plantIn(v.FS)
		for _, c := range changes {
			p.change(t, c, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
		}
		v.FS = p
		guests, err := guest.Find(t.Context(), []guest.Volume{v})
		if err != nil || len(guests) != 1 {
			t.Fatalf("%d guests, %v", len(guests), err)
		}
		g = guests[0]
	}
	return g, verify(t, g, opts)
}

func changes(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile(truth + "packages.changes")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

// recorded reads what the tools said of the tree: what is wrong with each path.
func recorded(t *testing.T, g *guest.Guest, name string) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile(truth + "packages.txtar")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("no %s", name)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(a.Files[i].Data)) {
		for _, tool := range []struct{ re, what string }{
			{`^\?\?5\?{6} . (/.*)\n$`, "content"},
			{`^\?M\?{7} . (/.*)\n$`, "type"},
			{`^missing   . (/.*)\n$`, "missing"},
			{`^(/.*) FAILED\n$`, "content"},
			{`^debsums: missing file (/.*) \(from .*\n$`, "missing"},
			{`^()(.*)\n$`, "not understood: " + line},
		} {
			if m := regexp.MustCompile(tool.re).FindStringSubmatch(line); m != nil {
				dir, err := g.Resolve(path.Dir(m[1]))
				if err != nil {
					t.Errorf("%s: %v", line, err)
				}
				all[path.Join(dir, path.Base(m[1]))] = tool.what
				break
			}
		}
	}
	return all
}

// TestAgreesWithDpkgAndDebsums holds the files of packages against what dpkg --verify and debsums say of the same tree.
func TestAgreesWithDpkgAndDebsums(t *testing.T) {
	for name, changed := range map[string][]string{"clean": nil, "planted": changes(t)} {
		g, r := onDebian(t, Options{Files: true}, changed...)
		got := map[string]string{}
		for _, d := range r.Differences {
			switch d.Kind {
			case Modified, ConfigChanged:
				got[d.Path] = "content"
			case Missing:
				got[d.Path] = "missing"
			case WrongType:
				got[d.Path] = "type"
			}
		}
		if d := cmp.Diff(recorded(t, g, name+"/dpkg"), got); d != "" {
			t.Errorf("%s: (-dpkg --verify +guestctl)\n%s", name, d)
		}
		maps.DeleteFunc(got, func(path, _ string) bool { return path == "/usr/bin/who" }) // debsums follows links, and this one leads nowhere
		want := recorded(t, g, name+"/debsums")
		if name == "planted" && want["/usr/bin/who"] != "missing" {
			t.Error("debsums does not miss /usr/bin/who")
		}
		delete(want, "/usr/bin/who")
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: (-debsums +guestctl)\n%s", name, d)
		}
		if !r.Whole() || r.Stats.Verified < 14_000 {
			t.Errorf("%s: %s, unread %v", name, r.Summary(), r.Unread)
		}
	}
}

// TestCleanDebianHasNothingUnowned holds what is made at installation against the rules that tell it.
func TestCleanDebianHasNothingUnowned(t *testing.T) {
	_, r := onDebian(t, Options{Unowned: true})
	for _, d := range r.Differences {
		t.Errorf("%s: %s", d.Path, d.Actual)
	}
	if r.Stats.Generated < 500 || r.Stats.Verified != 0 {
		t.Errorf("%+v", r.Stats)
	}
}

// TestPlantedChangesAreFound makes every change of packages.changes, and wants each told, with its severity.
func TestPlantedChangesAreFound(t *testing.T) {
	_, r := onDebian(t, Options{Files: true, Unowned: true}, changes(t)...)
	var got []string
	for _, d := range r.Differences {
		got = append(got, strings.Join([]string{d.Path, string(d.Kind), string(d.Role), string(d.Severity)}, " "))
	}
	want := []string{
		"/etc/logrotate.d/apt missing configuration low",
		"/etc/pam.d/su config_changed configuration low",
		"/usr/bin/find modified program critical",
		"/usr/bin/kworkerd unowned program high",
		"/usr/bin/tac modified program critical",
		"/usr/bin/wc missing program high",
		"/usr/bin/who type program critical",
		"/usr/lib/dbus-1.0/dbus-daemon-launch-helper mode program high",
		"/usr/lib/modules/6.1.0-56-cloud-amd64/kernel/kworkerd.ko unowned module critical",
		"/usr/lib/systemd/system/cron.service modified unit high",
		"/usr/lib/systemd/system/kworkerd.service unowned unit high",
		"/usr/lib/x86_64-linux-gnu/libkworkerd.so.1 unowned library high",
		"/usr/lib/x86_64-linux-gnu/libpam.so.0.85.1 modified library critical",
		"/usr/share/doc/bash/copyright modified documentation low",
		"/usr/share/man/man1/wc.1.gz missing documentation low",
		"/var/lib/dpkg/info/coreutils.md5sums database file high",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	forged := "with the digest of their package, and written later than it was unpacked: /usr/bin/nohup"
	if !slices.Contains(r.Notes, forged) {
		t.Errorf("notes %q, want %q", r.Notes, forged)
	}
}
