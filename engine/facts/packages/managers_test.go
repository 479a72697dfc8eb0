package packages

import (
	"context"
	"fmt"
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

func archive(t testing.TB, name string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, f := range txtar.Parse([]byte(testdata(t, name))).Files {
		files[f.Name] = string(f.Data)
	}
	return files
}

func rpmDatabase(t testing.TB, name string) string {
	t.Helper()
	return factstest.Unpack(t, "../../rpmdb/testdata/"+name+".db.zst")
}

// summary renders what the managers differ in: name version arch source, auto, held, when, provides.
func summary(p *facts.Packages) []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(p.Installed)) {
		for _, e := range p.Installed[name] {
			auto, held := "-", ""
			if e.Auto != nil {
				auto = map[bool]string{true: "auto", false: "manual"}[*e.Auto]
			}
			if e.Held {
				held = fmt.Sprintf(" held by %s:%d", e.HeldBy.Path, e.HeldBy.Line)
			}
			var provides []string
			for _, v := range e.Provides {
				provides = append(provides, strings.TrimSuffix(v.Name+"="+v.Version, "="))
			}
			lines = append(lines, fmt.Sprintf("%s %s %s %s %s %s %d [%s]%s", e.Name, e.Version, e.Arch, e.State, e.SourceName, auto, e.InstallTime, strings.Join(provides, " "), held))
		}
	}
	return lines
}

func TestRPM(t *testing.T) {
	db := rpmDatabase(t, "sqlite")
	p, st := collectFrom(t, factstest.Text(map[string]string{
		"/var/lib/rpm/rpmdb.sqlite":         db,
		"/etc/dnf/plugins/versionlock.list": "# Added lock\nkernel-0:5.14.0-70.el9.*\n!nodejs-0:20-*\n",
		"/etc/zypp/locks":                   "\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: ca*\n\ntype: pattern\nsolvable_name: nodejs\n",
		dnf5Locks:                           "version = \"1.0\"\n[[packages]]\nname = \"alpha\"\n[[packages.conditions]]\nkey = \"evr\"\ncomparator = \"=\"\nvalue = \"2:1.0-1\"\n",
	}))
	if st.State != facts.OK || p.Manager != "rpm" || p.Count != 5 {
		t.Fatalf("%s (%v), %+v", st.State, st.Problems, p)
	}
	want := []string{
		"alpha 2:1.0-1 x86_64 installed alpha - 1700000000 [alpha(x86-64)=2:1.0-1 bare mail(server)=1:2-3 virtual=3] held by /etc/dnf/versionlock.toml:0",
		"caret 0:1.0^git1~rc2-1 x86_64 installed caret - 1700000000 [caret(x86-64)=0:1.0^git1~rc2-1] held by /etc/zypp/locks:5",
		"kernel 5.14.0-70.el9 x86_64 installed kernel - 1700000000 [kernel(x86-64)=5.14.0-70.el9] held by /etc/dnf/plugins/versionlock.list:2",
		"kernel 5.14.0-427.13.1.el9 x86_64 installed kernel - 1700000001 [kernel(x86-64)=5.14.0-427.13.1.el9]",
		"nodejs 18.19.0-1.module x86_64 installed nodejs - 1700000000 [nodejs(x86-64)=18.19.0-1.module]",
	}
	if diff := cmp.Diff(want, summary(p)); diff != "" {
		t.Error(diff)
	}
	if len(p.Keys) != 1 || p.Keys[0].Name != "gpg-pubkey" || len(p.Installed["gpg-pubkey"]) != 0 {
		t.Errorf("keys are %+v", p.Keys)
	}
	if node := p.Installed["nodejs"][0]; node.Module != "nodejs:18:9020020240301:rhel9" || node.Vendor != "Example" {
		t.Errorf("nodejs is %+v", node)
	}
}

func TestRPMIsFoundInEveryPlace(t *testing.T) {
	db := rpmDatabase(t, "sqlite")
	for _, dir := range []string{"/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm"} {
		if p, st := collectFrom(t, factstest.Text(map[string]string{dir + "/rpmdb.sqlite": db})); st.State != facts.OK || p.Count != 5 {
			t.Errorf("%s: %s (%v)", dir, st.State, st.Problems)
		}
	}
	_, st := collectFrom(t, factstest.Text(map[string]string{"/var/lib/rpm/rpmdb.sqlite": db, "/usr/lib/sysimage/rpm/rpmdb.sqlite": db}))
	if st.State != facts.Partial {
		t.Errorf("two databases: %s", st.State)
	}
	if _, st := collectFrom(t, factstest.Text(map[string]string{"/var/lib/rpm/rpmdb.sqlite": db[:len(db)/2]})); st.State != facts.Error || len(st.Problems) == 0 {
		t.Errorf("cut in half: %s %v", st.State, st.Problems)
	}
}

func TestApk(t *testing.T) {
	p, st := collectFrom(t, factstest.Text(archive(t, "alpine.txtar")))
	if st.State != facts.OK || p.Manager != "apk" {
		t.Fatalf("%s (%v)", st.State, st.Problems)
	}
	want := []string{
		"busybox 1.36.1-r29 x86_64 installed busybox manual 0 [/bin/sh cmd:busybox=1.36.1-r29 cmd:sh=1.36.1-r29]",
		"half 1.0-r0 x86_64 broken  manual 0 []",
		"libcrypto3 3.3.2-r1 x86_64 installed openssl auto 0 [so:libcrypto.so.3=3]",
		"nginx 1.26.2-r0 x86_64 installed nginx manual 0 [nginx-common=1.26.2-r0] held by /etc/apk/world:2",
	}
	if diff := cmp.Diff(want, summary(p)); diff != "" {
		t.Error(diff)
	}
	if source := p.Installed["busybox"][0].Source; source.Line != 2 || source.Text != "P:busybox" {
		t.Errorf("busybox comes from %+v", source)
	}
}

func TestDamagedApkDatabases(t *testing.T) {
	const good = "P:good\nV:1\nA:x\n\n"
	for name, c := range map[string]struct {
		text string
		line int
	}{
		"cut in a line":         {good + "P:ope", 5},
		"cut behind the record": {strings.TrimSuffix(good, "\n"), 3},
		"no name":               {good + "V:1\n\n", 5},
		"no version":            {good + "P:x\n\n", 5},
		"second name":           {good + "P:x\nP:y\nV:1\n\n", 6},
		"same package twice":    {good + good, 5},
		"a line of zeros":       {good + strings.Repeat("\x00", 64) + "\n\n", 5},
	} {
		t.Run(name, func(t *testing.T) {
			p, st := collectFrom(t, factstest.Text(map[string]string{apkDatabases[0]: c.text}))
			if st.State != facts.Partial || st.Problems[0].Line != c.line || len(p.Installed["good"]) == 0 {
				t.Errorf("got %s (%v), want a problem on line %d", st.State, st.Problems, c.line)
			}
		})
	}
	for name, text := range map[string]string{
		"a million bad lines":  strings.Repeat("x\n", 1_000_000),
		"one line of provides": "P:a\np:" + strings.Repeat("a ", maxLine) + "\n\n",
	} {
		if _, st := collectFrom(t, factstest.Text(map[string]string{apkDatabases[0]: text})); st.State != facts.Error {
			t.Errorf("%s: %s", name, st.State)
		}
	}
}

func TestPacman(t *testing.T) {
	p, st := collectFrom(t, factstest.Text(archive(t, "arch.txtar")))
	if st.State != facts.OK || p.Manager != "pacman" {
		t.Fatalf("%s (%v)", st.State, st.Problems)
	}
	want := []string{
		"epoch 1:2.0-1 any installed  manual 0 []",
		"glibc 2.40-1 x86_64 installed glibc auto 1722800001 [] held by /etc/pacman.d/held.conf:1",
		"linux 6.10.3.arch1-2 x86_64 installed linux manual 1722800000 [KSMBD-MODULE WIREGUARD-MODULE linux-headerless=6.10.3] held by /etc/pacman.conf:3",
	}
	if diff := cmp.Diff(want, summary(p)); diff != "" {
		t.Error(diff)
	}
}

// TestWhetherPackagesAreSigned has the packages of rpmdb/testdata/files.sh, and pacman's as %VALIDATION% has them.
func TestWhetherPackagesAreSigned(t *testing.T) {
	said := func(p *facts.Package) string {
		if p.Signed == nil {
			return "not said"
		}
		return map[bool]string{true: "signed", false: "unsigned"}[*p.Signed]
	}
	p, _ := collectFrom(t, factstest.Text(map[string]string{"/var/lib/rpm/rpmdb.sqlite": rpmDatabase(t, "files")}))
	var got []string
	for _, name := range slices.Sorted(maps.Keys(p.Installed)) {
		got = append(got, name+"\t"+said(&p.Installed[name][0]))
	}
	want, err := os.ReadFile("../../rpmdb/testdata/files.signed")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(want)), "\n"), got); diff != "" {
		t.Error("rpm -, guestctl +\n" + diff)
	}
	for validation, want := range map[string]string{
		"": "not said", "%VALIDATION%\nnone\n": "unsigned", "%VALIDATION%\nmd5\nsha256\n": "unsigned", "%VALIDATION%\nsha256\npgp\n": "signed",
	} {
		p, _ := collectFrom(t, factstest.Text(map[string]string{"/var/lib/pacman/local/x-1-1/desc": "%NAME%\nx\n\n%VERSION%\n1-1\n\n" + validation}))
		if got := said(&p.Installed["x"][0]); got != want {
			t.Errorf("%q: %s, want %s", validation, got, want)
		}
	}
	for name, files := range map[string]map[string]string{
		"apk": archive(t, "alpine.txtar"), "dpkg": {status: "Package: busybox\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"},
	} {
		p, _ := collectFrom(t, factstest.Text(files))
		if got := said(&p.Installed["busybox"][0]); got != "not said" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestDamagedPacmanDatabases(t *testing.T) {
	files := archive(t, "arch.txtar")
	files["/var/lib/pacman/local/empty-1-1/desc"] = ""
	files["/var/lib/pacman/local/gone-1-1/files"] = ""
	files["/etc/pacman.d/held.conf"] = "Include = /etc/pacman.conf\n"
	p, st := collectFrom(t, factstest.Text(files))
	if st.State != facts.Partial || len(st.Problems) < 3 || p.Count != 3 {
		t.Errorf("got %s (%v), %d packages, want problems of two records and the loop", st.State, st.Problems, p.Count)
	}
}

func TestWhoAskedForAPackageAndWhen(t *testing.T) {
	record := "Package: %s\nStatus: install ok installed\nArchitecture: %s\nVersion: 1\n\n"
	files := factstest.Text(map[string]string{
		status:                       fmt.Sprintf(record, "dpkg", "amd64") + fmt.Sprintf(record, "data", "all") + fmt.Sprintf(record, "lib", "amd64"),
		extendedState:                "Package: data\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: lib\nArchitecture: amd64\nAuto-Installed: 0\n",
		dpkgInfo + "/dpkg.list":      "/.\n",
		dpkgInfo + "/lib:amd64.list": "/.\n",
	})
	p, st := collectFrom(t, files)
	if st.State != facts.OK {
		t.Fatal(st.Problems)
	}
	for name, auto := range map[string]bool{"dpkg": false, "data": true, "lib": false} {
		if got := p.Installed[name][0].Auto; got == nil || *got != auto {
			t.Errorf("%s: auto is %v, want %v", name, got, auto)
		}
	}
	delete(files, extendedState)
	if p, _ = collectFrom(t, files); p.Installed["lib"][0].Auto != nil {
		t.Error("without apt's file nobody knows")
	}
}

func FuzzApk(f *testing.F) {
	f.Add(archive(f, "alpine.txtar")[apkDatabases[0]])
	f.Add("P:a\nP:b\n\nV:1\n:\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		p := newPackages("apk")
		r := apkReader{ctx: context.Background(), packages: p, problem: func(int, error) {}}
		if err := r.read(text); err == nil && r.problems == 0 {
			for name, entries := range p.Installed {
				if name == "" || len(entries) != 1 || entries[0].Version == "" {
					t.Errorf("%q: %+v", name, entries)
				}
			}
		}
	})
}

func FuzzPacman(f *testing.F) {
	for name, text := range archive(f, "arch.txtar") {
		if strings.HasSuffix(name, "/desc") {
			f.Add(text, archive(f, "arch.txtar")["/etc/pacman.conf"])
		}
	}
	f.Fuzz(func(t *testing.T, desc, conf string) {
		files := map[string]memfs.File{"/var/lib/pacman/local/x-1-1/desc": {Data: desc}, facts.PacmanConfFile: {Data: conf}}
		if p, st := collectFrom(t, files); st.State == facts.OK && p.Count != 1 {
			t.Errorf("%d packages", p.Count)
		}
	})
}

func FuzzLocks(f *testing.F) {
	f.Add("kernel-0:5.14.0-70.el9.*\n!x\n[", "type: package\nsolvable_name: ca*\n", "[[packages]]\nname = \"alpha\"\n")
	f.Fuzz(func(t *testing.T, list, zypp, dnf5 string) {
		s := factstest.Text(map[string]string{versionLocks[0]: list, zyppLocks: zypp, dnf5Locks: dnf5})
		locks := facts.New("locks", "", func(_ context.Context, s *facts.Scope) (*facts.Packages, error) {
			p := newPackages("rpm")
			add(p, facts.Package{Name: "kernel", Version: "1:2-3", Arch: "x86_64"})
			for _, l := range rpmLocks(s) {
				l.apply(p)
			}
			return p, nil
		})
		p, _ := factstest.Collect[facts.Packages](t, factstest.Guest(t, s), facts.Request{}, locks)
		if one := p.Installed["kernel"][0]; one.Held != (one.HeldBy != nil) {
			t.Errorf("%+v", one)
		}
	})
}
