package packages

import (
	"time"

	"github.com/guestctl/guestctl/engine/facts"
)

// windows takes the programs of a Windows guest for packages. The name of an entry, often a product code, is one they provide.
func windows(s *facts.Scope) (*facts.Packages, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	p := newPackages("windows")
	for _, one := range h.Programs() {
		installed := facts.Package{
			Name: one.Name, Version: one.Version, Arch: one.Arch, State: "installed", Vendor: one.Publisher, Source: one.Source,
		}
		if day, err := time.Parse(time.DateOnly, one.InstallDate); err == nil {
			installed.InstallTime = day.Unix()
		}
		if one.ID != one.Name {
			installed.Provides = []facts.Provide{{Name: one.ID, Version: one.Version}}
		}
		add(p, installed)
	}
	return p, nil
}
