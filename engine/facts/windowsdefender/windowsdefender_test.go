package windowsdefender

import (
	"fmt"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

func TestProtection(t *testing.T) {
	const own, policy = "[Microsoft\\Windows Defender", "[Policies\\Microsoft\\Windows Defender"
	for name, c := range map[string]struct{ software, want string }{
		"nothing is set":         {"", "disabled false, real time true"},
		"off by itself":          {own + "]\n\"DisableAntiVirus\"=dword:1\n\"DisableAntiSpyware\"=dword:0\n", "disabled true, real time true"},
		"off by policy":          {policy + "]\n\"DisableAntiSpyware\"=dword:1\n" + own + "]\n\"DisableAntiSpyware\"=dword:0\n", "disabled true, real time true"},
		"on by policy":           {policy + "]\n\"DisableAntiSpyware\"=dword:0\n" + own + "]\n\"DisableAntiSpyware\"=dword:1\n", "disabled false, real time true"},
		"real time off":          {own + "\\Real-Time Protection]\n\"DisableRealtimeMonitoring\"=dword:1\n", "disabled false, real time false"},
		"real time on by policy": {policy + "\\Real-Time Protection]\n\"DisableRealtimeMonitoring\"=dword:0\n" + own + "\\Real-Time Protection]\n\"DisableRealtimeMonitoring\"=dword:1\n", "disabled false, real time true"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.WindowsDefender](t, factstest.Windows(t, map[string]string{"SOFTWARE": c.software}, nil), facts.Request{}, Collector)
			if text := fmt.Sprint("disabled ", got.Disabled.Value, ", real time ", got.RealTime.Value); text != c.want || status.State != facts.OK {
				t.Errorf("got %s, %s, want %s", text, status.State, c.want)
			}
		})
	}
}

// TestExclusionsOfBothCount has what is not looked at by policy, and by the guest's own setting.
func TestExclusionsOfBothCount(t *testing.T) {
	const software = `[Microsoft\Windows Defender\Exclusions\Paths]
"C:\\"=dword:00000000
[Policies\Microsoft\Windows Defender\Exclusions\Paths]
"D:\\"="0"
[Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules]
"{AAAA}"=dword:00000002
[Policies\Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules]
"{aaaa}"="1"
`
	got, _ := factstest.Collect[facts.WindowsDefender](t, factstest.Windows(t, map[string]string{"SOFTWARE": software}, nil), facts.Request{}, Collector)
	if p := got.Exclusions.Paths; len(p) != 2 || p[0].Value != `D:\` || p[1].Value != `C:\` {
		t.Errorf("paths %+v", p)
	}
	if rule := got.AttackSurface["{aaaa}"]; rule == nil || rule.Value != 1 || len(rule.Shadowed) != 1 || len(got.AttackSurface) != 1 {
		t.Errorf("rules %+v", got.AttackSurface)
	}
}
