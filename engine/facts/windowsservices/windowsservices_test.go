package windowsservices

import (
	"fmt"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestServices(t *testing.T) {
	for name, c := range map[string]struct {
		values, want string
	}{
		"a program with spaces and no quotes": {"\"Type\"=dword:10\n\"Start\"=dword:2\n\"ImagePath\"=\"C:\\\\Program Files\\\\A B\\\\c.exe -x\"\n", "service automatic /Program Files/A B/c.exe unquoted"},
		"in quotes":                           {"\"Type\"=dword:10\n\"Start\"=dword:2\n\"ImagePath\"=\"\\\"C:\\\\Program Files\\\\A B\\\\c.exe\\\" -x\"\n", "service automatic /Program Files/A B/c.exe"},
		"spaces in its options only":          {"\"Type\"=dword:10\n\"Start\"=dword:3\n\"ImagePath\"=\"C:\\\\Windows\\\\c.exe -x y\"\n", "service manual /Windows/c.exe"},
		"no start":                            {"\"Type\"=dword:10\n", "service  "},
		"an unknown start":                    {"\"Type\"=dword:10\n\"Start\"=dword:9\n", "service  "},
		"a driver where drivers are":          {"\"Type\"=dword:1\n\"Start\"=dword:0\n", "driver boot /Windows/System32/drivers/X.sys"},
		"a driver in its own place":           {"\"Type\"=dword:1\n\"Start\"=dword:1\n\"ImagePath\"=\"\\\\SystemRoot\\\\System32\\\\a.sys\"\n", "driver system /Windows/System32/a.sys"},
		"a driver by a short path":            {"\"Type\"=dword:2\n\"Start\"=dword:4\n\"ImagePath\"=\"System32\\\\a.sys\"\n", "file-system-driver disabled /Windows/System32/a.sys"},
		"a driver of a device":                {"\"Type\"=dword:1\n\"ImagePath\"=\"\\\\Device\\\\x\\\\a.sys\"\n", "driver  "},
		"one for each user":                   {"\"Type\"=dword:60\n\"Start\"=dword:2\n", "user-service automatic "},
		"a library":                           {"\"Type\"=dword:20\n\"Start\"=dword:2\n[ControlSet001\\Services\\x\\Parameters]\n\"ServiceDll\"=expand:\"%SystemRoot%\\\\a.dll\"\n", "shared-service automatic  dll /Windows/a.dll"},
	} {
		t.Run(name, func(t *testing.T) {
			g := factstest.Windows(t, map[string]string{"SYSTEM": "[ControlSet001\\Services\\X]\n" + c.values}, map[string]memfs.File{"/Program Files/A B/c.exe": {}})
			got, status := factstest.Collect[facts.WindowsServices](t, g, facts.Request{}, Collector)
			s := (*got)["x"]
			text := fmt.Sprint(s.Kind, " ", s.Start, " ", s.Program)
			if s.Unquoted {
				text += " unquoted"
			}
			if s.ServiceDLL != "" {
				text += " dll " + s.ServiceDLL
			}
			if text != c.want || status.State != facts.OK {
				t.Errorf("got %q, %s %v, want %q", text, status.State, status.Problems, c.want)
			}
		})
	}
}

// TestAStartThatIsNoNumber wants it told, and not taken for a 0, which is the start of drivers of the boot.
func TestAStartThatIsNoNumber(t *testing.T) {
	g := factstest.Windows(t, map[string]string{"SYSTEM": "[ControlSet001\\Services\\x]\n\"Type\"=dword:10\n\"Start\"=\"2\"\n"}, nil)
	got, status := factstest.Collect[facts.WindowsServices](t, g, facts.Request{}, Collector)
	if start := (*got)["x"].Start; start != "" || status.State != facts.Partial {
		t.Errorf("start %q, %s, want none, and %s", start, status.State, facts.Partial)
	}
}

func TestWhetherAProgramIsThere(t *testing.T) {
	const services = "[ControlSet001\\Services\\a]\n\"Type\"=dword:10\n\"ImagePath\"=\"C:\\\\a.exe\"\n[ControlSet001\\Services\\b]\n\"Type\"=dword:10\n\"ImagePath\"=\"C:\\\\b.exe\"\n[ControlSet001\\Services\\c]\n\"Type\"=dword:10\n\"ImagePath\"=\"\\\\\\\\far\\\\c.exe\"\n[ControlSet001\\Services\\settings]\n\"x\"=dword:1\n"
	g := factstest.Windows(t, map[string]string{"SYSTEM": services}, map[string]memfs.File{"/a.exe": {}})
	got, _ := factstest.Collect[facts.WindowsServices](t, g, facts.Request{}, Collector)
	a, b, c := (*got)["a"].Exists, (*got)["b"].Exists, (*got)["c"].Exists
	if len(*got) != 3 || a == nil || !*a || b == nil || *b || c != nil {
		t.Errorf("%d services, which are there: %v %v %v, want true, false and not known", len(*got), a, b, c)
	}
}
