package windows

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const current = "[Microsoft\\Windows NT\\CurrentVersion]\n"

func TestVersion(t *testing.T) {
	for name, c := range map[string]struct {
		software, system string
		name, version    string
		state            facts.State
	}{
		"Windows 11 calls itself 10": {
			current + "\"ProductName\"=\"Windows 10 Pro\"\n\"CurrentBuild\"=\"22631\"\n\"CurrentMajorVersionNumber\"=dword:a\n\"CurrentMinorVersionNumber\"=dword:0\n", "",
			"Windows 11 Pro", "10.0.22631", facts.OK,
		},
		"Windows 10": {
			current + "\"ProductName\"=\"Windows 10 Pro\"\n\"CurrentBuild\"=\"19045\"\n\"CurrentMajorVersionNumber\"=dword:a\n\"CurrentMinorVersionNumber\"=dword:0\n", "",
			"Windows 10 Pro", "10.0.19045", facts.OK,
		},
		"before Windows 10": {
			current + "\"ProductName\"=\"Windows Server 2012 R2 Standard\"\n\"CurrentBuild\"=\"9600\"\n\"CurrentVersion\"=\"6.3\"\n", "",
			"Windows Server 2012 R2 Standard", "6.3.9600", facts.OK,
		},
		"a build that is no number": {current + "\"ProductName\"=\"Windows\"\n\"CurrentBuild\"=\"new\"\n", "", "Windows", "", facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			g := factstest.Windows(t, map[string]string{"SOFTWARE": c.software, "SYSTEM": c.system}, nil)
			got, status := factstest.Collect[facts.Windows](t, g, facts.Request{}, Collector)
			if status.State != c.state || got.Name != c.name || got.Version != c.version {
				t.Errorf("got %q %q, %s %v, want %q %q, %s", got.Name, got.Version, status.State, status.Problems, c.name, c.version, c.state)
			}
		})
	}
}

func TestDomain(t *testing.T) {
	const name = "[Policy\\PolPrDmN]\n@=hex:08,00,0a,00,08,00,00,00,43,00,4f,00,52,00,50,00,00,00\n"
	for what, c := range map[string]struct {
		security string
		joined   *bool
		state    facts.State
	}{
		"of a domain":    {name + "[Policy\\PolPrDmS]\n@=hex:01,04,00,00,00,00,00,05,15,00,00,00,01,00,00,00,02,00,00,00,03,00,00,00\n", new(true), facts.OK},
		"of a workgroup": {name + "[Policy\\PolPrDmS]\n@=hex:00,00,00,00\n", new(false), facts.OK},
		"not told":       {"", nil, facts.OK},
		"a name outside": {"[Policy\\PolPrDmN]\n@=hex:08,00,0a,00,00,ff,00,00\n", nil, facts.Partial},
		"cut short":      {"[Policy\\PolPrDmN]\n@=hex:08\n", nil, facts.Partial},
	} {
		t.Run(what, func(t *testing.T) {
			got, status := factstest.Collect[facts.Windows](t, factstest.Windows(t, map[string]string{"SECURITY": c.security}, nil), facts.Request{}, Collector)
			if status.State != c.state || (got.Joined == nil) != (c.joined == nil) || c.joined != nil && *got.Joined != *c.joined {
				t.Errorf("joined %v, %s %v, want %v, %s", got.Joined, status.State, status.Problems, c.joined, c.state)
			}
			if c.joined != nil && got.Domain.Value != "CORP" {
				t.Errorf("domain %q, want CORP", got.Domain.Value)
			}
		})
	}
}

// TestHives says which hives are not to be believed.
func TestHives(t *testing.T) {
	g := factstest.Windows(t, nil, map[string]memfs.File{"/Windows/System32/config/SAM": {Data: "no hive"}, "/Windows/System32/config/SECURITY": {Data: "x"}})
	got, status := factstest.Collect[facts.Windows](t, g, facts.Request{}, Collector)
	conditions := ""
	for _, h := range got.Hives {
		conditions += h.Name + " " + h.Condition + "\n"
	}
	if want := "HKLM\\SAM unread\nHKLM\\SECURITY unread\nHKLM\\SOFTWARE clean\nHKLM\\SYSTEM clean\nHKU\\.DEFAULT clean\n"; conditions != want || status.State != facts.Partial {
		t.Errorf("got\n%s%s, want\n%s", conditions, status.State, want)
	}
}
