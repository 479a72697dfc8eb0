package units

import (
	"context"

	"github.com/guestctl/guestctl/engine/facts"
)

// windows takes services and drivers of Windows for units. One that a boot starts is "enabled", one that is started when something asks for
// it "manual", and only one that cannot be started is "disabled".
func windows(ctx context.Context, s *facts.Scope) (*facts.Units, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	services, err := h.Services(ctx)
	if err != nil {
		return nil, err
	}
	units := facts.Units{}
	for _, v := range services {
		u := &facts.Unit{
			State: "enabled", Init: "windows", Starts: "boot", Path: v.Program, Source: &v.Source,
			WantedBy: []string{}, RequiredBy: []string{}, UpheldBy: []string{}, TriggeredBy: []string{}, DropIns: []string{},
			ExecStart: []facts.UnitLine{}, Exec: []facts.UnitLine{}, Environment: []facts.UnitLine{}, EnvironmentFiles: []facts.UnitLine{},
			Conditions: []facts.UnitLine{},
		}
		switch v.Start {
		case "disabled":
			u.State, u.Starts = "disabled", ""
		case "manual":
			u.State, u.Starts = "manual", ""
		case "":
			u.State = "bad"
		}
		if v.Triggered && u.State == "manual" {
			u.Starts, u.TriggeredBy = "trigger", []string{"TriggerInfo"}
		}
		if v.ImagePath != "" {
			u.ExecStart = append(u.ExecStart, facts.UnitLine{Value: v.ImagePath, Source: v.Source})
		}
		if v.Account != "" {
			u.User = &facts.UnitLine{Value: v.Account, Source: v.Source}
		}
		units[v.Name] = u
	}
	return &units, nil
}
