package dnf

import (
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

const (
	mainFile = "/etc/dnf/dnf.conf"
	repos    = "/etc/yum.repos.d/"
)

func collectFrom(t testing.TB, files map[string]string) (*facts.Dnf, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Dnf](t, factstest.Guest(t, factstest.Text(files)), facts.Request{}, Collector)
}

func one(t *testing.T, files map[string]string) facts.Repo {
	t.Helper()
	d, st := collectFrom(t, files)
	if st.State != facts.OK || len(d.Repos) != 1 {
		t.Fatalf("%s (%v), %+v", st.State, st.Problems, d)
	}
	return d.Repos[0]
}

func TestWhatIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		files    map[string]string
		want     bool
		explicit bool
		shadowed int
	}{
		"nobody says: not checked":      {map[string]string{repos + "a.repo": "[a]\nname=A\n"}, false, false, 0},
		"main says yes":                 {map[string]string{mainFile: "[main]\ngpgcheck=1\n", repos + "a.repo": "[a]\n"}, true, true, 0},
		"the repository overrides main": {map[string]string{mainFile: "[main]\ngpgcheck=True\n", repos + "a.repo": "[a]\ngpgcheck = no\n"}, false, true, 1},
		"the last line of a file":       {map[string]string{repos + "a.repo": "[a]\ngpgcheck=0\ngpgcheck=1\n"}, true, true, 1},
		"yum.conf, where dnf is not":    {map[string]string{"/etc/yum.conf": "[main]\ngpgcheck=1\n", repos + "a.repo": "[a]\n"}, true, true, 0},
		"dnf.conf beats yum.conf":       {map[string]string{mainFile: "[main]\n", "/etc/yum.conf": "[main]\ngpgcheck=1\n", repos + "a.repo": "[a]\n"}, false, false, 0},
		"a repository in the main file": {map[string]string{mainFile: "[main]\n[a]\ngpgcheck=1\n"}, true, true, 0},
		"dnf5 overrides by a pattern":   {map[string]string{repos + "abc.repo": "[abc]\ngpgcheck=1\n", "/etc/dnf/repos.override.d/9.repo": "[a*]\ngpgcheck=0\n"}, false, true, 1},
		"a comment is no setting":       {map[string]string{repos + "a.repo": "[a]\n#gpgcheck=1\n;gpgcheck=1\n"}, false, false, 0},
		"a file that is no .repo":       {map[string]string{mainFile: "[main]\n", repos + "a.repo": "[a]\n", repos + "a.repo.rpmsave": "[a]\ngpgcheck=1\n"}, false, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			v := one(t, c.files).GPGCheck
			if v.Value != c.want || v.Explicit != c.explicit || len(v.Shadowed) != c.shadowed {
				t.Errorf("got %+v", v)
			}
		})
	}
}

func TestRepository(t *testing.T) {
	d, st := collectFrom(t, map[string]string{
		mainFile: "[main]\ngpgcheck=1\nclean_requirements_on_remove=True\nproxy_password=hunter2\n",
		repos + "a.repo": "[base-os]\nname=Base $releasever\nbaseurl=https://user:hunter2@one.example/os/\n  https://two.example/os/\n" +
			"mirrorlist = https://mirrors.example/?repo=$repo\nenabled=0\nsslverify=false\nrepo_gpgcheck=1\n" +
			"gpgkey=file:///etc/pki/rpm-gpg/KEY-1, file:///etc/pki/rpm-gpg/KEY-2\npassword = hunter2\n",
		"/etc/dnf/vars/stream": "9-stream\nmore\n", "/etc/yum/vars/stream": "8\n",
	})
	if st.State != facts.OK || len(d.Repos) != 1 {
		t.Fatal(st)
	}
	r := d.Repos[0]
	if r.ID != "base-os" || r.Name != "Base $releasever" || r.Enabled.Value || r.SSLVerify.Value || !r.RepoGPGCheck.Value || len(r.GPGKeys) != 2 || len(r.URLs) != 3 {
		t.Errorf("%+v", r)
	}
	if r.URLs[0] != "https://user:***@one.example/os/" || r.Settings["password"] != "***" || r.Source.Line != 1 {
		t.Errorf("%+v", r)
	}
	if v := d.Vars["stream"]; v.Value != "9-stream" || len(v.Shadowed) != 1 {
		t.Errorf("stream is %+v", v)
	}
}

func TestSecretsStay(t *testing.T) {
	d, _ := collectFrom(t, map[string]string{mainFile: "[main]\nproxy=http://user:hunter2@proxy:3128\nproxy_password=hunter2\n"})
	for key, v := range d.Main {
		if strings.Contains(v.Value+v.Source.Text, "hunter2") {
			t.Errorf("%s: %+v", key, v)
		}
	}
}

func TestDamagedFiles(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		line int
	}{
		"no section":        {"gpgcheck=1\n[a]\n", 1},
		"no ]":              {"[a]\n[b\n", 2},
		"no setting":        {"[a]\nnothing\n", 2},
		"continues nothing": {"[a]\n  more\n", 2},
		"gpgcheck maybe":    {"[a]\ngpgcheck=maybe\n", 2},
		"zeros":             {"[a]\n" + strings.Repeat("\x00", 4096), 2},
	} {
		t.Run(name, func(t *testing.T) {
			_, st := collectFrom(t, map[string]string{repos + "a.repo": c.text})
			if st.State != facts.Partial || st.Problems[0].Line != c.line {
				t.Errorf("got %s %v, want a problem on line %d", st.State, st.Problems, c.line)
			}
		})
	}
	if _, st := collectFrom(t, map[string]string{repos + "a.repo": strings.Repeat("[a]\n", 3) + strings.Repeat("[b]\nx=1\n", 100_000)}); st.State != facts.OK {
		t.Errorf("one section again and again: %s", st.State)
	}
	if _, st := collectFrom(t, nil); st.State != facts.Absent {
		t.Errorf("no dnf: %s", st.State)
	}
}

func FuzzRepositories(f *testing.F) {
	f.Add("[main]\ngpgcheck=1\n", "[a]\nbaseurl=x\n y\n", "[a*]\nenabled=0\n")
	f.Add("[", "[a]\n=\n", "[[]\nx=y")
	f.Fuzz(func(t *testing.T, main, repo, override string) {
		d, _ := collectFrom(t, map[string]string{mainFile: main, repos + "a.repo": repo, "/etc/dnf/repos.override.d/a.repo": override})
		if d == nil {
			return
		}
		for _, r := range d.Repos {
			if r.GPGCheck == nil || r.Enabled == nil || r.GPGCheck.Explicit != (r.GPGCheck.Source != nil) {
				t.Errorf("%+v", r)
			}
		}
	})
}
