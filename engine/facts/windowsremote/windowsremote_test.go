package windowsremote

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

func TestRemoteDesktop(t *testing.T) {
	const (
		server  = "[ControlSet001\\Control\\Terminal Server]\n\"fDenyTSConnections\"=dword:"
		station = "[ControlSet001\\Control\\Terminal Server\\WinStations\\RDP-Tcp]\n\"UserAuthentication\"=dword:"
		policy  = "[Policies\\Microsoft\\Windows NT\\Terminal Services]\n"
	)
	for name, c := range map[string]struct{ system, software, want string }{
		"nothing is set":           {"", "", "false"},
		"on":                       {server + "0\n" + station + "0\n", "", "true NLA 0"},
		"off":                      {server + "1\n", "", "false"},
		"on, off by policy":        {server + "0\n", policy + "\"fDenyTSConnections\"=dword:1\n", "false"},
		"off, on by policy":        {server + "1\n", policy + "\"fDenyTSConnections\"=dword:0\n", "true"},
		"authentication by policy": {server + "0\n" + station + "0\n", policy + "\"UserAuthentication\"=dword:1\n", "true NLA 1"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.WindowsRemote](t, factstest.Windows(t, map[string]string{"SYSTEM": c.system, "SOFTWARE": c.software}, nil), facts.Request{}, Collector)
			text := strconv.FormatBool(got.RDP.Enabled.Value)
			if v := got.RDP.NLA; v != nil {
				text += fmt.Sprint(" NLA ", v.Value)
			}
			if text != c.want || got.RDP.Port.Value != 3389 || status.State != facts.OK {
				t.Errorf("got %s on %d, %s, want %s", text, got.RDP.Port.Value, status.State, c.want)
			}
		})
	}
}
