package windowsrights

import (
	"fmt"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/windowsaccounts"
	"github.com/guestctl/guestctl/internal/factstest"
)

func TestRights(t *testing.T) {
	const account = "[Policy\\Accounts\\S-1-5-32-544"
	for name, c := range map[string]struct {
		security, want string
		state          facts.State
	}{
		"a right":              {account + "\\ActSysAc]\n@=hex:10,00,00,00\n", "map[SeServiceLogonRight:[{S-1-5-32-544 Administrators}]]", facts.OK},
		"a privilege":          {account + "\\Privilgs]\n@=hex:01,00,00,00,00,00,00,00,14,00,00,00,00,00,00,00,00,00,00,00\n", "map[SeDebugPrivilege:[{S-1-5-32-544 Administrators}]]", facts.OK},
		"one without a name":   {account + "\\Privilgs]\n@=hex:01,00,00,00,00,00,00,00,ff,00,00,00,00,00,00,00,00,00,00,00\n", "map[privilege 255:[{S-1-5-32-544 Administrators}]]", facts.OK},
		"none":                 {account + "]\n", "map[]", facts.OK},
		"rights cut short":     {account + "\\ActSysAc]\n@=hex:10\n", "map[]", facts.Partial},
		"privileges cut short": {account + "\\Privilgs]\n@=hex:02,00,00,00,00,00,00,00\n", "map[]", facts.Partial},
		"an absurd number":     {account + "\\Privilgs]\n@=hex:ff,ff,ff,ff,00,00,00,00\n", "map[]", facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.WindowsRights](t, factstest.Windows(t, map[string]string{"SECURITY": c.security}, nil), facts.Request{}, windowsaccounts.Collector, Collector)
			if fmt.Sprint(map[string][]facts.WindowsMember(*got)) != c.want || status.State != c.state {
				t.Errorf("got %v, %s %v, want %s, %s", *got, status.State, status.Problems, c.want, c.state)
			}
		})
	}
}
