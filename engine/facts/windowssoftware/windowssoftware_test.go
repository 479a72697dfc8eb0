package windowssoftware

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/hivetest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestPrograms(t *testing.T) {
	const software = `[Microsoft\Windows\CurrentVersion\Uninstall\a]
"DisplayName"="Zeta"
"DisplayVersion"=dword:00000003
"InstallDate"="20240230"
[Microsoft\Windows\CurrentVersion\Uninstall\b]
"DisplayName"=" "
[Microsoft\Windows\CurrentVersion\Uninstall\c]
"DisplayName"="Patch"
"ParentKeyName"="a"
[Wow6432Node\Microsoft\Windows\CurrentVersion\Uninstall\d]
"DisplayName"="alpha"
"InstallDate"="20240229"
[Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-21-1-2-3-1001]
"ProfileImagePath"="C:\\Users\\me"
`
	mine := hivetest.Build(t, "[Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\e]\n\"DisplayName\"=\"Mine\"\n")
	g := factstest.Windows(t, map[string]string{
		"SOFTWARE": software, "SYSTEM": "[ControlSet001\\Control\\Session Manager\\Environment]\n\"PROCESSOR_ARCHITECTURE\"=\"ARM64\"\n",
	}, map[string]memfs.File{"/Users/me/NTUSER.DAT": {Data: string(mine)}})
	got, status := factstest.Collect[facts.WindowsSoftware](t, g, facts.Request{}, Collector)
	if status.State != facts.OK {
		t.Fatalf("%s: %v", status.State, status.Problems)
	}
	text := ""
	for _, p := range *got {
		text += p.Name + "|" + p.Version + "|" + p.InstallDate + "|" + p.Arch + "|" + p.User
		if p.Component {
			text += "|component"
		}
		text += "\n"
	}
	want := "alpha||2024-02-29|i686|\nMine|||aarch64|S-1-5-21-1-2-3-1001\nPatch|||aarch64||component\nZeta|3||aarch64|\n"
	if text != want {
		t.Errorf("got\n%swant\n%s", text, want)
	}
}
