package windowsfirewall

import (
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// parse reads a rule: "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|…|". A key may stand more than once.
func parse(text string) (rule facts.WindowsFirewallRule, active bool) {
	rule = facts.WindowsFirewallRule{Protocol: "any", Profiles: []string{}, LocalPort: []string{}, RemoteIP: []string{}}
	for field := range strings.SplitSeq(text, "|") {
		key, value, ok := strings.Cut(field, "=")
		if !ok {
			continue // the version
		}
		switch strings.ToLower(key) {
		case "action":
			rule.Action = strings.ToLower(value)
		case "active":
			active = strings.EqualFold(value, "true")
		case "dir":
			rule.Direction = strings.ToLower(value)
		case "profile":
			rule.Profiles = append(rule.Profiles, strings.ToLower(value))
		case "protocol":
			rule.Protocol = protocol(value)
		case "lport", "lport2_10", "lport2_20", "lport2_24", "lport2_29":
			rule.LocalPort = append(rule.LocalPort, value)
		case "ra4", "ra6", "ra42", "ra62":
			rule.RemoteIP = append(rule.RemoteIP, value)
		case "app":
			rule.Program = value
		case "svc":
			rule.Service = value
		case "name":
			rule.Name = value
		}
	}
	return rule, active
}

// protocol names the numbers of IANA that rules are made of.
func protocol(number string) string {
	switch number {
	case "1":
		return "icmp4"
	case "6":
		return "tcp"
	case "17":
		return "udp"
	case "58":
		return "icmp6"
	case "256", "":
		return "any"
	}
	return number
}
