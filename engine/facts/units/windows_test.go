package units

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/internal/factstest"
)

func TestWindows(t *testing.T) {
	const x = "[ControlSet001\\Services\\X]\n\"Type\"=dword:10\n"
	for name, c := range map[string]struct{ values, want string }{
		"automatic":             {"\"Start\"=dword:2\n", "enabled boot"},
		"of the boot":           {"\"Start\"=dword:0\n", "enabled boot"},
		"manual":                {"\"Start\"=dword:3\n", "manual "},
		"manual, and triggered": {"\"Start\"=dword:3\n[ControlSet001\\Services\\X\\TriggerInfo\\0]\n", "manual trigger"},
		"disabled":              {"\"Start\"=dword:4\n[ControlSet001\\Services\\X\\TriggerInfo\\0]\n", "disabled "},
		"none that is known":    {"\"Start\"=dword:7\n", "bad boot"},
		"none":                  {"", "bad boot"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.Units](t, factstest.Windows(t, map[string]string{"SYSTEM": x + c.values}, nil), facts.Request{}, osrelease.Collector, Collector)
			u := (*got)["X"]
			if u == nil || u.Init != "windows" || u.State+" "+u.Starts != c.want {
				t.Errorf("got %+v, %v, want %s", u, status, c.want)
			}
		})
	}
}
