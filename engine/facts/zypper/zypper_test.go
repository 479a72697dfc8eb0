package zypper

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

func TestWhatIsChecked(t *testing.T) {
	repo := "[repo-oss]\nname=openSUSE\nenabled=1\nautorefresh=1\nbaseurl=https://one.example/oss/\ntype=rpm-md\n"
	for name, c := range map[string]struct {
		conf, repo         string
		packages, metadata bool
	}{
		"nobody says: checked":     {"[main]\n", repo, true, true},
		"zypp.conf says no":        {"[main]\ngpgcheck = off\n", repo, false, true},
		"the repository overrides": {"[main]\ngpgcheck = on\n", repo + "gpgcheck=0\nrepo_gpgcheck=0\n", false, false},
		"a comment says nothing":   {"[main]\n# gpgcheck = off\n", repo, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			z, st := factstest.Collect[facts.Zypper](t, factstest.Guest(t, factstest.Text(map[string]string{
				"/etc/zypp/zypp.conf": c.conf, "/etc/zypp/repos.d/oss.repo": c.repo,
			})), facts.Request{}, Collector)
			if st.State != facts.OK || len(z.Repos) != 1 {
				t.Fatal(st)
			}
			if r := z.Repos[0]; r.GPGCheck.Value != c.packages || r.RepoGPGCheck.Value != c.metadata || !r.Enabled.Value || r.URLs[0] != "https://one.example/oss/" {
				t.Errorf("%+v", r)
			}
		})
	}
	if _, st := factstest.Collect[facts.Zypper](t, factstest.Guest(t, nil), facts.Request{}, Collector); st.State != facts.Absent {
		t.Errorf("no zypper: %s", st.State)
	}
}
