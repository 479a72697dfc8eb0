package timezone

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/facts"
)

// windows returns the zone that Windows' own name for one stands for. It stands for many, which differ in nothing that Windows knows of:
// the name that CLDR has for the world goes before the others.
func windows(s *facts.Scope) (*facts.Timezone, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	k := h.Key(facts.ControlSet + `\Control\TimeZoneInformation`)
	v := k.Text("TimeZoneKeyName")
	if v == nil || v.Value == "" {
		v = k.Text("StandardName") // before Windows Vista
	}
	if v == nil {
		return nil, fmt.Errorf("%s says no zone", k.Path)
	}
	names := facts.WindowsZones(v.Value)
	if len(names) == 0 {
		s.Problem(v.Source.Path, 0, fmt.Errorf("zone %q is none that CLDR knows", v.Value))
		names = []string{v.Value}
	}
	return set("registry", names[0], names, v.Source), nil
}
