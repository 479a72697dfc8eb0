// Package windowsfirewall collects the domain "windows_firewall": the profiles of Windows Firewall and its rules.
//
// Sources: SharedAccess\Parameters\FirewallPolicy of the control set, and its copy below Policies\Microsoft\WindowsFirewall, which group
// policy writes and which goes before, value by value; the form of rules is that of MS-GPFAS 2.2.2. Defaults are those of MS-FASP
// 2.2.37. Rules that are not active set nothing and are counted only.
package windowsfirewall

import (
	"context"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	local  = facts.ControlSet + `\Services\SharedAccess\Parameters\FirewallPolicy`
	policy = facts.Policies + `\Microsoft\WindowsFirewall`

	defaultLogSize = 4096 // KiB
)

// Collector collects the domain "windows_firewall".
var Collector = facts.New("windows_firewall", "The profiles and rules of Windows Firewall", collect).On(guest.Windows)

func collect(_ context.Context, s *facts.Scope) (*facts.WindowsFirewall, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	f := &facts.WindowsFirewall{
		Service: h.ServiceStart("MpsSvc"),
		Domain:  profile(h, "DomainProfile", "DomainProfile"),
		Private: profile(h, "PrivateProfile", "StandardProfile"),
		Public:  profile(h, "PublicProfile", "PublicProfile"),
		Rules:   []facts.WindowsFirewallRule{},
	}
	for _, from := range []struct {
		key    facts.RegistryKey
		policy bool
	}{{h.Key(policy + `\FirewallRules`), true}, {h.Key(local + `\FirewallRules`), false}} {
		for _, v := range from.key.Values() {
			f.Count++
			text, err := v.Text()
			if err != nil {
				s.Problem(from.key.Source().Path, 0, err)
				continue
			}
			rule, active := parse(text)
			if !active {
				continue
			}
			rule.ID, rule.Policy, rule.Source = v.Name, from.policy, from.key.Source(v)
			f.Rules = append(f.Rules, rule)
		}
	}
	return f, nil
}

// profile reads one profile. Group policy calls the one for private networks otherwise than the guest itself does.
func profile(h *facts.Hives, inPolicy, inGuest string) facts.WindowsFirewallProfile {
	p, own := h.Key(policy+`\`+inPolicy), h.Key(local+`\`+inGuest)
	if !p.Exists && inPolicy != inGuest {
		p = h.Key(policy + `\` + inGuest)
	}
	flag := func(name string) *facts.Value[bool] { return facts.Before(p.Flag(name), own.Flag(name)) }
	action := func(name string) *facts.Value[string] {
		return facts.MapValue(facts.Before(p.Number(name), own.Number(name)), func(n int) string {
			if n == 0 {
				return "allow"
			}
			return "block"
		})
	}
	plog, log := p.Below("Logging"), own.Below("Logging")
	return facts.WindowsFirewallProfile{
		Enabled:              facts.Or(flag("EnableFirewall"), true),
		Inbound:              facts.Or(action("DefaultInboundAction"), "block"),
		Outbound:             facts.Or(action("DefaultOutboundAction"), "allow"),
		NoNotifications:      flag("DisableNotifications"),
		NoExceptions:         facts.Or(flag("DoNotAllowExceptions"), false),
		AllowLocalRules:      facts.Or(p.Flag("AllowLocalPolicyMerge"), true),
		AllowLocalIPsecRules: facts.Or(p.Flag("AllowLocalIPsecPolicyMerge"), true),
		LogDropped:           facts.Or(facts.Before(plog.Flag("LogDroppedPackets"), log.Flag("LogDroppedPackets")), false),
		LogAllowed:           facts.Or(facts.Before(plog.Flag("LogSuccessfulConnections"), log.Flag("LogSuccessfulConnections")), false),
		LogSize:              facts.Or(facts.Before(plog.Number("LogFileSize"), log.Number("LogFileSize")), defaultLogSize),
		LogFile:              facts.Before(plog.Text("LogFilePath"), log.Text("LogFilePath")),
	}
}
