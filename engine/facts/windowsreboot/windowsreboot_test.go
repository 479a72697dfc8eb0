package windowsreboot

import (
	"fmt"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

func TestReasons(t *testing.T) {
	const names = "[ControlSet001\\Control\\ComputerName\\ActiveComputerName]\n\"ComputerName\"=\"OLD\"\n[ControlSet001\\Control\\ComputerName\\ComputerName]\n"
	const manager = "[ControlSet001\\Control\\Session Manager]\n\"PendingFileRenameOperations\"="
	for name, c := range map[string]struct {
		software, system, want string
	}{
		"nothing":          {"", "", "[]"},
		"servicing":        {"[Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending]\n", "", "[servicing 1]"},
		"Windows Update":   {"[Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired]\n", "", "[windows-update 1]"},
		"a file to delete": {"", manager + "hex(7):61,00,00,00,00,00,00,00\n", "[file-renames 1]"},
		"two to rename":    {"", manager + "multi:\"a\",\"b\",\"c\",\"d\"\n", "[file-renames 2]"},
		"an empty list":    {"", manager + "hex(7):00,00\n", "[]"},
		"another name":     {"", names + "\"ComputerName\"=\"NEW\"\n", "[computer-name 1]"},
		"the same name":    {"", names + "\"ComputerName\"=\"old\"\n", "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			g := factstest.Windows(t, map[string]string{"SOFTWARE": c.software, "SYSTEM": c.system}, nil)
			got, status := factstest.Collect[facts.WindowsReboot](t, g, facts.Request{}, Collector)
			reasons := []string{}
			for _, r := range got.Reasons {
				reasons = append(reasons, fmt.Sprint(r.Reason, " ", r.Count))
			}
			if fmt.Sprint(reasons) != c.want || got.Pending != (c.want != "[]") || status.State != facts.OK {
				t.Errorf("got %v, %t, %s, want %s", reasons, got.Pending, status.State, c.want)
			}
		})
	}
}
