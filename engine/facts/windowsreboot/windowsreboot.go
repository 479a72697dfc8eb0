// Package windowsreboot collects the domain "windows_reboot": what waits for the next start.
//
// Sources: RebootPending of component based servicing, RebootRequired of Windows Update, PendingFileRenameOperations of the session
// manager, and a name of the computer that is not the active one.
package windowsreboot

import (
	"context"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const currentVersion = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion`

// Collector collects the domain "windows_reboot".
var Collector = facts.New("windows_reboot", "What waits for the next start of Windows", collect).On(guest.Windows)

func collect(_ context.Context, s *facts.Scope) (*facts.WindowsReboot, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	r := &facts.WindowsReboot{Reasons: []facts.WindowsRebootReason{}}
	add := func(reason string, count int, at facts.Source) {
		r.Reasons = append(r.Reasons, facts.WindowsRebootReason{Reason: reason, Count: count, Source: at})
	}
	for _, c := range []struct{ reason, path string }{
		{"servicing", currentVersion + `\Component Based Servicing\RebootPending`},
		{"servicing", currentVersion + `\Component Based Servicing\PackagesPending`},
		{"windows-update", currentVersion + `\WindowsUpdate\Auto Update\RebootRequired`},
	} {
		if k := h.Key(c.path); k.Exists {
			add(c.reason, 1, k.Source())
		}
	}
	manager := h.Key(facts.ControlSet + `\Control\Session Manager`)
	for _, name := range []string{"PendingFileRenameOperations", "PendingFileRenameOperations2"} {
		if v, ok := manager.Value(name); ok && len(v.Data) > 2 {
			const perRename, unit = 2, 2 // names; bytes of UTF-16
			add("file-renames", max(1, zeros(v.Data, unit)/perRename), manager.Mark(name))
		}
	}
	names := h.Key(facts.ControlSet + `\Control\ComputerName`)
	active, next := names.Below("ActiveComputerName").Plain("ComputerName"), names.Below("ComputerName").Text("ComputerName")
	if active != "" && next != nil && !strings.EqualFold(active, next.Value) {
		add("computer-name", 1, *next.Source)
	}
	r.Pending = len(r.Reasons) > 0
	return r, nil
}

// zeros counts the ends of texts. The names of a file to be deleted are its own and an empty one, at which a list of texts would end.
func zeros(b []byte, unit int) (n int) {
	for i := 0; i+unit <= len(b)-unit; i += unit {
		if b[i] == 0 && b[i+1] == 0 {
			n++
		}
	}
	return n
}
