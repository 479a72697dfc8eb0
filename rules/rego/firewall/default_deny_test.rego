package guestctl.firewall.default_deny_test

import data.guestctl.firewall.default_deny

empty := {"nftables": null, "ufw": null, "iptables": null, "firewalld": null}

nft(tables) := {"firewall": object.union(empty, {"active": ["nftables"], "nftables": {"enabled": true, "tables": tables}})}

table(family, policy, lines) := {"family": family, "name": "filter", "chains": [
	{"name": "input", "type": "filter", "hook": "input", "policy": policy, "rules": count(lines), "lines": [{"text": text} | some text in lines], "source": {"path": "/etc/nftables.conf", "line": 5}},
	{"name": "output", "type": "filter", "hook": "output", "policy": "drop", "rules": 0, "lines": [], "source": {"path": "/etc/nftables.conf", "line": 9}},
	{"name": "unused", "type": "", "hook": "", "policy": "", "rules": 1, "lines": [{"text": "drop"}], "source": {"path": "/etc/nftables.conf", "line": 12}},
]}

pass := nft([table("inet", "drop", ["iif lo accept"])])

fail := nft([table("inet", "accept", ["tcp dport 23 drop"])])

test_pass if {
	count(default_deny.deny) == 0 with input as pass
	count(default_deny.unknown) == 0 with input as pass
}

test_fail if {
	found := default_deny.deny with input as fail
	{finding.msg | some finding in found} == {
		"nftables accepts input by default over IPv4: the policy is accept",
		"nftables accepts input by default over IPv6: the policy is accept",
	}
	some finding in found
	finding.evidence == [{"path": "/etc/nftables.conf", "line": 5}]
}

test_both_families if {
	some finding in default_deny.deny with input as nft([table("ip", "drop", [])])
	finding.msg == "nftables accepts input by default over IPv6: no chain is for it"
	count(default_deny.deny) == 0 with input as nft([table("ip", "drop", []), table("ip6", "drop", [])])
	count(default_deny.deny) == 0 with input as nft([table("ip", "drop", [])]) with data.guestctl.params as {"firewall-default-deny": {"families": ["ip"]}}
}

test_a_last_rule_that_drops_everything if {
	every last in ["drop", "counter drop", "reject", "reject with icmpx type admin-prohibited"] {
		count(default_deny.deny) == 0 with input as nft([table("inet", "accept", ["ct state established accept", last])])
	}
	every last in ["tcp dport 23 drop", "log prefix \"drop\"", "accept"] {
		count(default_deny.deny) == 2 with input as nft([table("inet", "accept", ["drop", last])])
	}
}

test_rules_that_were_not_told if {
	cut := table("inet", "accept", ["drop"])
	chain := object.union(cut.chains[0], {"rules": 300})
	count(default_deny.deny) == 2 with input as nft([object.union(cut, {"chains": [chain]})])
}

test_one_of_several_tables_is_enough if count(default_deny.deny) == 0 with input as nft([table("inet", "accept", []), table("inet", "drop", [])])

test_no_firewall if {
	some finding in default_deny.deny with input as {}
	finding.msg == "boot starts no firewall, so that everything is accepted"
	count(default_deny.deny) == 1 with input as object.union(pass, {"firewall": {"active": []}})
}

test_units_that_are_not_known if {
	some reason in default_deny.unknown with input as {"firewall": object.union(empty, {"active": [], "nftables": {"enabled": null, "tables": []}})}
	reason == "whether boot starts nftables is not known"
}

iptables(policy, lines) := {"firewall": object.union(empty, {"active": ["iptables"], "iptables": {"enabled": true, "tables": [{"family": family, "name": "filter", "path": "/etc/iptables/rules", "chains": [
	{"name": "INPUT", "policy": policy, "rules": count(lines), "lines": [{"text": text} | some text in lines], "source": {"path": "/etc/iptables/rules", "line": 2}},
	{"name": "OUTPUT", "policy": "DROP", "rules": 0, "lines": [], "source": {"path": "/etc/iptables/rules", "line": 3}},
]} |
	some family in ["ip", "ip6"]
]}})}

test_iptables if {
	count(default_deny.deny) == 0 with input as iptables("DROP", [])
	count(default_deny.deny) == 2 with input as iptables("ACCEPT", ["-A INPUT -p tcp --dport 23 -j DROP"])
	count(default_deny.deny) == 0 with input as iptables("ACCEPT", ["-A INPUT -j REJECT --reject-with icmp-host-prohibited"])
	count(default_deny.deny) == 0 with input as iptables("ACCEPT", ["[3:180] -A INPUT -j DROP"])
}

ufw(v) := {"firewall": object.union(empty, {"active": ["ufw"], "ufw": {"enabled": true, "default_input": v}})}

test_ufw if {
	source := {"path": "/etc/default/ufw", "line": 5}
	count(default_deny.deny) == 0 with input as ufw({"value": "DROP", "source": source})
	some finding in default_deny.deny with input as ufw({"value": "ACCEPT", "source": source})
	finding.msg == "DEFAULT_INPUT_POLICY of ufw is ACCEPT, want DROP or REJECT (/etc/default/ufw line 5)"
	finding.evidence == [source]
	some other in default_deny.deny with input as ufw(null)
	other.msg == "DEFAULT_INPUT_POLICY of ufw is not set, want DROP or REJECT (the default)"
}

zone(name, target, interfaces) := {"name": name, "target": target, "interfaces": interfaces, "sources": [], "path": sprintf("/usr/lib/firewalld/zones/%s.xml", [name])}

firewalld(zones) := {"firewall": object.union(empty, {"active": ["firewalld"], "firewalld": {"enabled": true, "default_zone": {"value": "public", "explicit": false, "source": null}, "zones": zones}})}

test_firewalld if {
	count(default_deny.deny) == 0 with input as firewalld([zone("public", "default", []), zone("trusted", "ACCEPT", [])])
	some finding in default_deny.deny with input as firewalld([zone("public", "ACCEPT", [])])
	finding.msg == "the zone public of firewalld accepts everything (/usr/lib/firewalld/zones/public.xml)"
	some other in default_deny.deny with input as firewalld([zone("public", "default", []), zone("trusted", "ACCEPT", ["eth1"])])
	other.key == "trusted"
	count(default_deny.unknown) == 0 with input as firewalld([zone("public", "default", [])])
	some reason in default_deny.unknown with input as firewalld([])
	reason == "the zone public of firewalld is in no file"
}
