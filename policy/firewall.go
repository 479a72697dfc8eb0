package policy

import (
	"regexp"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

const (
	firewallOn  = "enabled"
	firewallOff = "disabled"
)

// firewall judges whether a boot starts a firewall that keeps anything out. One that starts with empty rules does not.
func firewall(c *compiler, n *node) {
	c.setting(n, &setting{
		title: "The firewall", severity: finding.High, domains: []string{"firewall"}, absent: []string{"firewall"},
		values: []string{firewallOn, firewallOff},
		read:   readFirewall,
		fix: func(doc *facts.Document, want string) string {
			f, ok := facts.Get[facts.Firewall](doc, "firewall")
			switch {
			case want != firewallOn:
				return ""
			case !ok:
				return "install a firewall and have it started: ufw, firewalld or nftables"
			case f.FirewallD != nil:
				return "systemctl enable firewalld.service"
			case f.UFW != nil:
				return "ufw default deny incoming && ufw enable"
			case f.NFTables != nil:
				return "write a chain with \"type filter hook input priority filter; policy drop;\" into /etc/nftables.conf, then systemctl enable nftables.service"
			}
			return ""
		},
	})
}

func readFirewall(doc *facts.Document) (reading, Outcome) {
	f, ok := facts.Get[facts.Firewall](doc, "firewall")
	if !ok {
		return reading{set: true, value: firewallOff}, Outcome{Notes: []string{"the guest has no firewall"}}
	}
	r, o := reading{set: true, value: firewallOff}, Outcome{}
	unclear := ""
	for _, name := range f.Active {
		keeps, known, where := filters(f, name)
		o.Where = append(o.Where, where...)
		switch {
		case keeps:
			r.value = firewallOn
			o.Notes = append(o.Notes, name+" starts and filters what comes in")
		case !known:
			unclear = name + " starts, and whether its rules keep anything out cannot be told"
		default:
			o.Notes = append(o.Notes, name+" starts, and its rules keep nothing out")
		}
	}
	if r.value == firewallOn {
		return r, o
	}
	for _, on := range []struct {
		name string
		is   *bool
		has  bool
	}{
		{"nftables", nilOr(f.NFTables, func(x *facts.NFTables) *bool { return x.Enabled }), f.NFTables != nil},
		{"ufw", nilOr(f.UFW, func(x *facts.UFW) *bool { return x.Enabled }), f.UFW != nil},
		{"iptables", nilOr(f.IPTables, func(x *facts.IPTables) *bool { return x.Enabled }), f.IPTables != nil},
		{"firewalld", nilOr(f.FirewallD, func(x *facts.FirewallD) *bool { return x.Enabled }), f.FirewallD != nil},
	} {
		if on.has && on.is == nil {
			unclear = "whether a boot starts " + on.name + " is not known"
		}
	}
	if unclear != "" {
		return r, unknown(unclear)
	}
	if len(f.Active) == 0 {
		o.Notes = append(o.Notes, "a boot starts no firewall")
	}
	return r, o
}

func nilOr[T any](v *T, field func(*T) *bool) *bool {
	if v == nil {
		return nil
	}
	return field(v)
}

// verdicts finds what a rule does with what it matches, in the words of nft and of iptables.
var verdicts = regexp.MustCompile(`(?i)\b(drop|reject|jump|goto|queue)\b|-[jg] +(\S+)`)

// refuses reports whether a rule keeps something out, or leads to others that may.
func refuses(rule string) bool {
	for _, m := range verdicts.FindAllStringSubmatch(rule, -1) {
		if !slices.Contains([]string{"ACCEPT", "LOG", "NFLOG", "RETURN", "MARK", "CONNMARK"}, m[2]) {
			return true
		}
	}
	return false
}

// filters reports whether a firewall keeps anything out of the guest, and whether that is known.
func filters(f *facts.Firewall, name string) (keeps, known bool, where []finding.Location) {
	known = true
	chain := func(policy string, rules int, lines []facts.NFTRule, source *facts.Source) {
		some := !slices.Contains([]string{"", "accept"}, strings.ToLower(policy))
		for _, l := range lines {
			some = some || refuses(l.Text)
		}
		if some && source != nil {
			where = append(where, location(*source, ""))
		}
		keeps = keeps || some
		known = known && (some || rules <= len(lines))
	}
	switch name {
	case "nftables":
		for _, t := range f.NFTables.Tables {
			for i := range t.Chains {
				if c := &t.Chains[i]; c.Hook == "input" && c.Type == "filter" && slices.Contains([]string{"ip", "inet"}, t.Family) {
					chain(c.Policy, c.Rules, c.Lines, &c.Source)
				}
			}
		}
	case "iptables":
		for _, t := range f.IPTables.Tables {
			for _, c := range t.Chains {
				if t.Family == "ip" && t.Name == "filter" && c.Name == "INPUT" {
					chain(c.Policy, c.Rules, c.Lines, c.Source)
				}
			}
		}
	case "ufw":
		in := f.UFW.DefaultInput
		keeps = in == nil || !strings.EqualFold(in.Value, "ACCEPT") // ufw denies where nothing is written
		if in != nil {
			where = valueWhere(in)
		}
	case "firewalld":
		keeps = true
		if z := f.FirewallD.DefaultZone; z != nil {
			where = valueWhere(z)
			for _, zone := range f.FirewallD.Zones {
				if zone.Name == z.Value && zone.Target == "ACCEPT" {
					keeps = false
				}
			}
		}
	}
	return keeps, known, where
}
