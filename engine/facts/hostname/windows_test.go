package hostname

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

func TestWindows(t *testing.T) {
	const computer = "[ControlSet001\\Control\\ComputerName\\ComputerName]\n\"ComputerName\"=\"WEB01\"\n"
	const tcpip = "[ControlSet001\\Services\\Tcpip\\Parameters]\n\"Hostname\"=\"old\"\n\"NV Hostname\"=\"Web01-of-many\"\n"
	for name, c := range map[string]struct {
		system, want string
		state        facts.State
	}{
		"that of TCP/IP":   {computer + tcpip, "Web01-of-many", facts.OK},
		"that of NetBIOS":  {computer, "WEB01", facts.OK},
		"none":             {"", "", facts.Absent},
		"one of no letter": {computer + "[ControlSet001\\Services\\Tcpip\\Parameters]\n\"NV Hostname\"=\"\"\n", "WEB01", facts.OK},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.Hostname](t, factstest.Windows(t, map[string]string{"SYSTEM": c.system}, nil), facts.Request{}, Collector)
			value := ""
			if got != nil {
				value = got.Value
			}
			if value != c.want || status.State != c.state {
				t.Errorf("got %q, %s %v, want %q, %s", value, status.State, status.Problems, c.want, c.state)
			}
		})
	}
}
