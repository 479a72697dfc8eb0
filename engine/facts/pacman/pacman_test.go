package pacman

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

func collectFrom(t testing.TB, files map[string]string) (*facts.Pacman, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Pacman](t, factstest.Guest(t, factstest.Text(files)), facts.Request{}, Collector)
}

func TestSignatures(t *testing.T) {
	for name, c := range map[string]struct{ conf, options, repo string }{
		"nobody says":                    {"[options]\n[core]\nServer = https://one.example\n", "optional", "optional"},
		"required":                       {"[options]\nSigLevel = Required DatabaseOptional\n[core]\n", "required", "required"},
		"the database's word is another": {"[options]\nSigLevel = PackageRequired DatabaseNever\n[core]\n", "required", "required"},
		"the repository overrides":       {"[options]\nSigLevel = Required\n[core]\nSigLevel = Never\n", "required", "never"},
		"the later word wins":            {"[options]\nSigLevel = Never PackageRequired\n[core]\nSigLevel = TrustAll\n", "required", "required"},
		"written in an included file":    {"[options]\nInclude = /etc/pacman.d/*.conf\n[core]\n", "never", "never"},
	} {
		t.Run(name, func(t *testing.T) {
			p, st := collectFrom(t, map[string]string{facts.PacmanConfFile: c.conf, "/etc/pacman.d/sig.conf": "SigLevel = Never\n"})
			if st.State != facts.OK || len(p.Repos) != 1 || p.PackageSignature != c.options || p.Repos[0].PackageSignature != c.repo {
				t.Errorf("%s %v: %+v", st.State, st.Problems, p)
			}
		})
	}
}

func TestOptionsAndLists(t *testing.T) {
	p, st := collectFrom(t, map[string]string{
		facts.PacmanConfFile:       "[options]\n# IgnorePkg = commented\nIgnorePkg = linux zfs\nIgnorePkg = nvidia\nCheckSpace\nParallelDownloads = 5\n[extra]\nInclude = /etc/pacman.d/mirrorlist\n",
		"/etc/pacman.d/mirrorlist": "#Server = https://no.example\nServer = https://user:hunter2@one.example/$repo\n",
	})
	if st.State != facts.OK || len(p.IgnorePkg) != 3 || p.IgnorePkg[2].Source.Line != 4 || p.Options["CheckSpace"] == nil || p.Options["ParallelDownloads"].Value != "5" {
		t.Errorf("%s: %+v", st.State, p)
	}
	if r := p.Repos[0]; r.Name != "extra" || len(r.Servers) != 1 || r.Servers[0] != "https://user:***@one.example/$repo" {
		t.Errorf("%+v", r)
	}
}

func TestDamagedFiles(t *testing.T) {
	for name, c := range map[string]struct {
		conf  string
		state facts.State
	}{
		"no section":               {"IgnorePkg = x\n", facts.Partial},
		"an include that includes": {"[options]\nInclude = /etc/pacman.conf\n", facts.Partial},
		"no file that is included": {"[options]\nInclude = /etc/none\n", facts.OK},
	} {
		if _, st := collectFrom(t, map[string]string{facts.PacmanConfFile: c.conf}); st.State != c.state {
			t.Errorf("%s: %s %v, want %s", name, st.State, st.Problems, c.state)
		}
	}
	if _, st := collectFrom(t, nil); st.State != facts.Absent {
		t.Errorf("no pacman: %s", st.State)
	}
}

func FuzzConf(f *testing.F) {
	f.Add("[options]\nSigLevel = Never\nInclude = /etc/pacman.d/x.conf\n[core]\nServer = x\n", "[extra]\nInclude = /etc/pacman.conf\n")
	f.Fuzz(func(t *testing.T, conf, included string) {
		p, _ := collectFrom(t, map[string]string{facts.PacmanConfFile: conf, "/etc/pacman.d/x.conf": included})
		if p.PackageSignature == "" {
			t.Error("no level")
		}
	})
}
