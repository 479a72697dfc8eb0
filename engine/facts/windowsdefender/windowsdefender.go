// Package windowsdefender collects the domain "windows_defender": Microsoft Defender Antivirus, and what it does not look at.
//
// Sources: SOFTWARE\Microsoft\Windows Defender and its copy below Policies, which goes before; the names are those of the policies
// "Microsoft Defender Antivirus" (WindowsDefender.admx). Exclusions of both count.
package windowsdefender

import (
	"context"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	own    = `HKLM\SOFTWARE\Microsoft\Windows Defender`
	policy = facts.Policies + `\Microsoft\Windows Defender`
)

// Collector collects the domain "windows_defender".
var Collector = facts.New("windows_defender", "Microsoft Defender Antivirus, its protection and its exclusions", collect).On(guest.Windows)

func collect(_ context.Context, s *facts.Scope) (*facts.WindowsDefender, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	p, k := h.Key(policy), h.Key(own)
	number := func(below, name string) *facts.Value[int] {
		return facts.Before(p.Below(below).Number(name), k.Below(below).Number(name))
	}
	// off names a setting that takes something away: what is true is that it is there.
	on := func(off string) *facts.Value[bool] {
		v := facts.MapValue(number("Real-Time Protection", off), func(n int) bool { return n == 0 })
		return facts.Or(v, true)
	}
	guard := `Windows Defender Exploit Guard\`
	d := &facts.WindowsDefender{
		Service: h.ServiceStart("WinDefend"), Disabled: disabled(p, k),
		RealTime: on("DisableRealtimeMonitoring"), Behavior: on("DisableBehaviorMonitoring"), Downloads: on("DisableIOAVProtection"),
		Scripts:           on("DisableScriptScanning"),
		TamperProtection:  k.Below("Features").Number("TamperProtection"),
		PUA:               facts.Before(p.Number("PUAProtection"), k.Number("PUAProtection")),
		Cloud:             number("Spynet", "SpynetReporting"),
		Samples:           number("Spynet", "SubmitSamplesConsent"),
		NetworkProtection: number(guard+"Network Protection", "EnableNetworkProtection"),
		ControlledFolders: number(guard+"Controlled Folder Access", "EnableControlledFolderAccess"),
		AttackSurface:     attackSurface(p, k),
		SignatureVersion:  k.Below("Signature Updates").Shown("AVSignatureVersion"),
		ProductVersion:    product(k.Plain("InstallLocation")),
		Exclusions: facts.WindowsExclusions{
			Paths: exclusions(p, k, "Paths"), Extensions: exclusions(p, k, "Extensions"), Processes: exclusions(p, k, "Processes"),
			IPs: exclusions(p, k, "IpAddresses"),
		},
	}
	if v, ok := k.Below("Signature Updates").Value("AVSignatureApplied"); ok {
		c := binread.Little(v.Data)
		if applied := c.U64(); c.Err() == nil {
			d.SignatureDay = facts.Day(facts.FileTime(applied))
		}
	}
	return d, nil
}

// disabled is whether one of the two settings takes Defender away.
func disabled(p, k facts.RegistryKey) *facts.Value[bool] {
	spyware := facts.Before(p.Flag("DisableAntiSpyware"), k.Flag("DisableAntiSpyware"))
	virus := facts.Before(p.Flag("DisableAntiVirus"), k.Flag("DisableAntiVirus"))
	for _, v := range []*facts.Value[bool]{spyware, virus} {
		if v != nil && v.Value {
			return v
		}
	}
	if spyware != nil {
		return spyware
	}
	return facts.Or(virus, false)
}

// attackSurface are the rules by their GUIDs. Policies write their numbers as text.
func attackSurface(p, k facts.RegistryKey) map[string]*facts.Value[int] {
	rules := map[string]*facts.Value[int]{}
	for _, from := range []facts.RegistryKey{k, p} {
		list := from.Below(`Windows Defender Exploit Guard\ASR\Rules`)
		for _, v := range list.Values() {
			name := strings.ToLower(v.Name)
			if n := list.Digits(v.Name); n != nil {
				rules[name] = facts.Before(n, rules[name])
			}
		}
	}
	return rules
}

// exclusions are the names of the values in a key.
func exclusions(p, k facts.RegistryKey, kind string) []facts.Value[string] {
	list := []facts.Value[string]{}
	for _, from := range []facts.RegistryKey{p, k} {
		excluded := from.Below("Exclusions").Below(kind)
		for _, v := range excluded.Values() {
			source := excluded.Source(v)
			list = append(list, facts.Value[string]{Value: v.Name, Explicit: true, Source: &source})
		}
	}
	return list
}

// product is the version that the directory of a platform is called by: `…\Platform\4.18.23110.3-0\`.
func product(location string) string {
	const folder = `\platform\`
	i := strings.Index(strings.ToLower(location), folder)
	if i < 0 {
		return ""
	}
	version, _, _ := strings.Cut(location[i+len(folder):], `\`)
	return version
}
