package facts

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

const uninstall = `Microsoft\Windows\CurrentVersion\Uninstall`

// Programs returns the programs that have an entry for being uninstalled, in the order of their names: of the machine in both views, and
// of each user. Entries without a name to be shown are none.
func (h *Hives) Programs() []WindowsProgram {
	arch := h.arch()
	programs := append(h.programsOf(`HKLM\SOFTWARE`, arch, ""), h.programsOf(`HKLM\SOFTWARE\Wow6432Node`, "i686", "")...)
	for _, u := range h.Users() {
		base := `HKU\` + u.SID + `\Software`
		programs = append(programs, h.programsOf(base, arch, u.SID)...)
		programs = append(programs, h.programsOf(base+`\Wow6432Node`, "i686", u.SID)...)
	}
	slices.SortStableFunc(programs, func(a, b WindowsProgram) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Version, b.Version))
	})
	return programs
}

func (h *Hives) programsOf(base, arch, user string) []WindowsProgram {
	var programs []WindowsProgram
	for _, k := range h.Key(base + `\` + uninstall).Under() {
		name := strings.TrimSpace(k.Shown("DisplayName"))
		if name == "" {
			continue
		}
		component, _ := k.Count("SystemComponent")
		programs = append(programs, WindowsProgram{
			Name: name, Version: k.Shown("DisplayVersion"), Publisher: k.Shown("Publisher"), InstallDate: installDate(k.Shown("InstallDate")),
			Location: k.Shown("InstallLocation"), ID: k.Name(), Arch: arch, User: user,
			Component: component == 1 || k.Has("ParentKeyName"), Source: k.Source(),
		})
	}
	return programs
}

// installDate reads the YYYYMMDD that installers write. What others write in its place is no date.
func installDate(text string) string {
	day, err := time.Parse("20060102", text)
	if err != nil {
		return ""
	}
	return day.Format(time.DateOnly)
}
