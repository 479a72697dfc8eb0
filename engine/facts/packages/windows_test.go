package packages

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

func TestWindows(t *testing.T) {
	const software = `[Microsoft\Windows\CurrentVersion\Uninstall\{1}]
"DisplayName"="7-Zip"
"DisplayVersion"="23.01"
"InstallDate"="20240115"
`
	got, status := factstest.Collect[facts.Packages](t, factstest.Windows(t, map[string]string{"SOFTWARE": software}, nil), facts.Request{}, Collector)
	if status.State != facts.OK || got.Manager != "windows" || got.Count != 1 {
		t.Fatalf("%s %v, %+v", status.State, status.Problems, got)
	}
	p := got.Installed["7-Zip"][0]
	if p.Version != "23.01" || !p.Complete() || p.InstallTime != 1705276800 || len(p.Provides) != 1 || p.Provides[0].Name != "{1}" {
		t.Errorf("got %+v", p)
	}
}

// TestWindowsWithoutPrograms is for a fresh installation: unlike an empty database of another manager it is nothing odd.
func TestWindowsWithoutPrograms(t *testing.T) {
	got, status := factstest.Collect[facts.Packages](t, factstest.Windows(t, nil, nil), facts.Request{}, Collector)
	if status.State != facts.OK || got.Count != 0 {
		t.Errorf("%s %v, %+v, want none", status.State, status.Problems, got)
	}
}
