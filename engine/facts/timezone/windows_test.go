package timezone

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

func TestWindows(t *testing.T) {
	const key = "[ControlSet001\\Control\\TimeZoneInformation]\n"
	for name, c := range map[string]struct {
		system, want string
		state        facts.State
	}{
		"UTC":                  {key + "\"TimeZoneKeyName\"=\"UTC\"\n", "Etc/UTC", facts.OK},
		"a zone of many":       {key + "\"TimeZoneKeyName\"=\"W. Europe Standard Time\"\n", "Europe/Berlin", facts.OK},
		"before Windows Vista": {key + "\"StandardName\"=\"Tokyo Standard Time\"\n", "Asia/Tokyo", facts.OK},
		"none that CLDR knows": {key + "\"TimeZoneKeyName\"=\"Mars Standard Time\"\n", "Mars Standard Time", facts.Partial},
		"none at all":          {"", "", facts.Error},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.Timezone](t, factstest.Windows(t, map[string]string{"SYSTEM": c.system}, nil), facts.Request{}, Collector)
			zone := ""
			if got != nil {
				zone = got.Zone.Value
			}
			if zone != c.want || status.State != c.state {
				t.Errorf("got %q, %s %v, want %q, %s", zone, status.State, status.Problems, c.want, c.state)
			}
		})
	}
}
