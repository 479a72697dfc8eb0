package osrelease

import (
	"strconv"

	"github.com/guestctl/guestctl/engine/facts"
)

// windows says which Windows it is, by SOFTWARE\Microsoft\Windows NT\CurrentVersion. The version has the count of updates (UBR) at its end.
func windows(s *facts.Scope) (*facts.OS, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	v := h.WindowsVersion()
	o := &facts.OS{
		ID: "windows", IDLike: []string{}, VersionID: v.Version, Family: "windows", Arch: v.Arch, PrettyName: v.Name, Source: v.Source,
		Codename: h.Key(facts.CurrentVersion).Plain("DisplayVersion"),
	}
	if v.UBR != nil {
		o.VersionID += "." + strconv.Itoa(*v.UBR)
	}
	return o, nil
}
