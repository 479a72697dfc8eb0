// Package windowseventlogs collects the domain "windows_event_logs": how large the event logs of Windows may grow and what happens then.
//
// Sources: Services\EventLog for the classic logs, WINEVT\Channels for the others that are enabled, and Policies\Microsoft\Windows\EventLog,
// which goes before and counts in KiB (EventLog.admx). The events themselves are not read.
package windowseventlogs

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	classic  = facts.ControlSet + `\Services\EventLog`
	channels = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WINEVT\Channels`
	policy   = facts.Policies + `\Microsoft\Windows\EventLog`

	kib = 1024
)

// Collector collects the domain "windows_event_logs".
var Collector = facts.New("windows_event_logs", "Size and retention of the event logs of Windows", collect).On(guest.Windows)

func collect(ctx context.Context, s *facts.Scope) (*facts.WindowsEventLogs, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	all := facts.WindowsEventLogs{}
	for _, k := range h.Key(classic).Under() {
		all[k.Name()] = log(s, k, h.Key(policy+`\`+k.Name()))
	}
	for _, k := range h.Key(channels).Under() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if on, ok := k.Count("Enabled"); !ok || on == 0 {
			continue
		}
		if _, ok := all[k.Name()]; !ok {
			all[k.Name()] = log(s, k, h.Key(policy+`\`+k.Name()))
		}
	}
	return &all, nil
}

func log(s *facts.Scope, k, p facts.RegistryKey) facts.WindowsEventLog {
	limit := facts.MapValue(p.Digits("MaxSize"), func(n int) int { return n * kib })
	v := facts.WindowsEventLog{
		MaxSize:    facts.Before(limit, k.Number("MaxSize")),
		Retention:  facts.MapValue(facts.Before(p.Digits("Retention"), k.Number("Retention")), retention),
		AutoBackup: facts.MapValue(facts.Before(p.Digits("AutoBackupLogFiles"), k.Digits("AutoBackupLogFiles")), on),
		Enabled:    k.Flag("Enabled"),
		File:       s.Guest.SystemRoot + "/System32/winevt/Logs/" + strings.ReplaceAll(k.Name(), "/", "%4") + ".evtx",
	}
	if path, ok := s.Guest.WindowsPath(k.Shown("File")); ok {
		v.File = path
	}
	o, err := s.Guest.Stat(v.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		s.Problem(v.File, 0, err)
	default:
		v.FileSize = new(int(o.Size))
	}
	return v
}

func on(n int) bool { return n != 0 }

// retention is -1 where nothing is overwritten, which is written as the largest number, or by policy as 1.
func retention(n int) int {
	if n == 0 {
		return 0
	}
	return -1
}
