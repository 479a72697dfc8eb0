package windowsupdates

import (
	"fmt"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

func TestUpdates(t *testing.T) {
	const base = `[Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\`
	text := ""
	for _, p := range []struct {
		name  string
		state int
		more  string
	}{
		{"Package_1_for_KB4580325~31bf", 0x70, "\"InstallTimeHigh\"=dword:01da42a9\n\"InstallTimeLow\"=dword:ffffffff\n"},
		{"Package_for_RollupFix~31bf~~20348.2227.1.7", 0x70, "\"InstallLocation\"=\"\\\\\\\\?\\\\C:\\\\x\\\\Windows10.0-kb5034129-x64\\\\\"\n"},
		{"Package_for_KB1234567~31bf", 0x60, ""},
		{"Microsoft-Windows-KBD-Package~1", 0x80, ""},
		{"Odd~1", 0x42, ""},
	} {
		text += fmt.Sprintf("%s%s]\n\"CurrentState\"=dword:%x\n%s", base, p.name, p.state, p.more)
	}
	text += base + "WithoutState]\n"
	got, status := factstest.Collect[facts.WindowsUpdates](t, factstest.Windows(t, map[string]string{"SOFTWARE": text}, nil), facts.Request{}, Collector)
	if status.State != facts.OK {
		t.Fatalf("%s: %v", status.State, status.Problems)
	}
	if kbs := strings.Join(got.KBs, " "); kbs != "KB4580325 KB5034129" {
		t.Errorf("articles %s", kbs)
	}
	states := ""
	for _, p := range got.Packages {
		states += p.State + " "
	}
	if want := "permanent 0x42 installed install-pending installed "; states != want {
		t.Errorf("states %s, want %s", states, want)
	}
	if got.Newest != "2024-01-09T03:14:47Z" {
		t.Errorf("newest %s", got.Newest)
	}
}
