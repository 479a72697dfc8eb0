// Package windowsservices collects the domain "windows_services": services and drivers, how they start, and what they run.
//
// Sources: CurrentControlSet\Services\*: Start, Type, ImagePath, ObjectName, DelayedAutostart, TriggerInfo, Parameters\ServiceDll
// (CreateService and "Service Trigger Events" of Microsoft's documentation). Whether a program is there is asked of the file system.
package windowsservices

import (
	"context"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// Collector collects the domain "windows_services".
var Collector = facts.New("windows_services", "Services and drivers of Windows, with their start, program and account", collect).On(guest.Windows)

func collect(ctx context.Context, s *facts.Scope) (*facts.WindowsServices, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	all, err := h.Services(ctx)
	if err != nil {
		return nil, err
	}
	return &all, nil
}
