package cryptopolicy

import (
	"slices"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectFrom(t testing.TB, files map[string]memfs.File) (*facts.CryptoPolicy, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.CryptoPolicy](t, factstest.Guest(t, files), facts.Request{}, Collector)
}

func TestPolicies(t *testing.T) {
	for name, c := range map[string]struct {
		config, state, policy string
		modules               []string
		drift                 bool
	}{
		"as shipped":                   {"# a comment\n\nDEFAULT\n", "DEFAULT\n", "DEFAULT", nil, false},
		"with modules":                 {"DEFAULT:NO-SHA1:GOST\n", "DEFAULT:NO-SHA1:GOST\n", "DEFAULT", []string{"NO-SHA1", "GOST"}, false},
		"configured and not applied":   {"FUTURE\n", "DEFAULT\n", "DEFAULT", nil, true},
		"a comment behind the policy":  {"FIPS # why\n", "FIPS\n", "FIPS", nil, false},
		"only the first line counts":   {"LEGACY\nFUTURE\n", "LEGACY\n", "LEGACY", nil, false},
		"a module more than is there":  {"DEFAULT:NO-SHA1\n", "DEFAULT\n", "DEFAULT", nil, true},
		"spaces around it are nothing": {"  DEFAULT  \n", "DEFAULT", "DEFAULT", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, st := collectFrom(t, factstest.Text(map[string]string{config: c.config, state: c.state}))
			if st.State != facts.OK || p.Policy != c.policy || !slices.Equal(p.Modules, c.modules) || p.Drift != c.drift {
				t.Errorf("%s (%v): %+v", st.State, st.Problems, p)
			}
		})
	}
}

func TestBackEnds(t *testing.T) {
	p, st := collectFrom(t, map[string]memfs.File{
		config: {Data: "DEFAULT\n"}, state: {Data: "DEFAULT\n"},
		backEnds + "/openssh.config":    {Link: "/usr/share/crypto-policies/DEFAULT/openssh.txt"},
		backEnds + "/nss.config":        {Data: "library=\n"},
		backEnds + "/gnutls.config":     {Link: "../../../usr/share/crypto-policies/LEGACY/gnutls.txt"},
		backEnds + "/krb5.config":       {Link: "/usr/share/crypto-policies/DEFAULT/gone.txt"},
		backEnds + "/README":            {},
		shipped + "DEFAULT/openssh.txt": {}, shipped + "LEGACY/gnutls.txt": {},
	})
	want := []facts.BackEnd{
		{Name: "gnutls", Path: backEnds + "/gnutls.config", Target: shipped + "LEGACY/gnutls.txt", Policy: "LEGACY", Exists: true},
		{Name: "krb5", Path: backEnds + "/krb5.config", Target: shipped + "DEFAULT/gone.txt", Policy: "DEFAULT"},
		{Name: "nss", Path: backEnds + "/nss.config", Exists: true},
		{Name: "openssh", Path: backEnds + "/openssh.config", Target: shipped + "DEFAULT/openssh.txt", Policy: "DEFAULT", Exists: true},
	}
	if st.State != facts.OK || !slices.Equal(p.BackEnds, want) {
		t.Errorf("%s (%v): %+v", st.State, st.Problems, p.BackEnds)
	}
}

func TestWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]memfs.File
		state facts.State
	}{
		"no policies":      {nil, facts.Absent},
		"never applied":    {map[string]memfs.File{config: {Data: "DEFAULT\n"}}, facts.Partial},
		"empty":            {map[string]memfs.File{config: {}, state: {Data: "DEFAULT\n"}}, facts.Partial},
		"a directory":      {map[string]memfs.File{config: memfs.Dir(), state: {Data: "DEFAULT\n"}}, facts.Partial},
		"a link in a loop": {map[string]memfs.File{config: {Data: "DEFAULT\n"}, state: {Data: "DEFAULT\n"}, backEnds + "/x.config": {Link: "x.config"}}, facts.Partial},
	} {
		if _, st := collectFrom(t, c.files); st.State != c.state {
			t.Errorf("%s: %s %v, want %s", name, st.State, st.Problems, c.state)
		}
	}
}
