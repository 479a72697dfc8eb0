// Package windowsupdates collects the domain "windows_updates": updates, languages and features that component based servicing knows,
// and how updates are to come.
//
// Sources: SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages and its CurrentState, whose numbers are those of
// the servicing stack's CbsState; Policies\Microsoft\Windows\WindowsUpdate. Updates of programs that are no part of Windows are not there.
package windowsupdates

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	packages = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages`
	policy   = facts.Policies + `\Microsoft\Windows\WindowsUpdate`
)

// Collector collects the domain "windows_updates".
var Collector = facts.New("windows_updates", "The packages and updates of Windows itself, and how updates are to come", collect).On(guest.Windows)

func collect(ctx context.Context, s *facts.Scope) (*facts.WindowsUpdates, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	all := &facts.WindowsUpdates{Packages: []facts.WindowsUpdate{}, KBs: []string{}}
	newest := time.Time{}
	for _, k := range h.Key(packages).Under() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		state, ok := k.Count("CurrentState")
		if !ok {
			continue
		}
		one := facts.WindowsUpdate{Name: k.Name(), KB: article(k), State: stateName(state), Source: k.Source()}
		if at := installed(k); !at.IsZero() {
			one.Time = facts.TimeText(at)
			if one.KB != "" && one.State == "installed" && at.After(newest) {
				newest = at
			}
		}
		if one.KB != "" && one.State == "installed" {
			all.KBs = append(all.KBs, one.KB)
		}
		all.Packages = append(all.Packages, one)
	}
	slices.Sort(all.KBs)
	all.KBs, all.Newest = slices.Compact(all.KBs), facts.TimeText(newest)
	au := h.Key(policy + `\AU`)
	all.Policy = facts.WindowsUpdatePolicy{
		NoAutoUpdate: au.Number("NoAutoUpdate"), AUOptions: au.Number("AUOptions"), UseWUServer: au.Number("UseWUServer"),
		WUServer: h.Key(policy).Text("WUServer"),
	}
	return all, nil
}

var articleName = regexp.MustCompile(`(?i)(?:^|[^a-z])(kb\d{6,8})(?:[^\d]|$)`)

// article returns the article that a package is of: by its name, or by the folder that it was installed from, as cumulative updates have
// it, which are called Package_for_RollupFix.
func article(k facts.RegistryKey) string {
	for _, text := range []string{k.Name(), k.Shown("InstallName"), k.Shown("InstallLocation")} {
		if m := articleName.FindStringSubmatch(text); m != nil {
			return "KB" + m[1][2:]
		}
	}
	return ""
}

// installed puts a FILETIME together from its two halves.
func installed(k facts.RegistryKey) time.Time {
	high, ok := k.Count("InstallTimeHigh")
	low, okLow := k.Count("InstallTimeLow")
	if !ok || !okLow || high <= 0 {
		return time.Time{}
	}
	return facts.FileTime(uint64(high)<<32 | uint64(low)&0xffffffff)
}

func stateName(n int) string {
	switch n {
	case 0x00:
		return "absent"
	case 0x05:
		return "uninstall-pending"
	case 0x10:
		return "resolving"
	case 0x20:
		return "resolved"
	case 0x30:
		return "staging"
	case 0x40:
		return "staged"
	case 0x50:
		return "superseded"
	case 0x60:
		return "install-pending"
	case 0x65:
		return "partially-installed"
	case 0x70:
		return "installed"
	case 0x80:
		return "permanent"
	}
	return fmt.Sprintf("%#x", n)
}
