# METADATA
# title: The firewall drops what no rule accepts
# description: >-
#   What the firewall that boot starts does with packets to the guest that no rule speaks of: a chain of nftables or iptables for input has the
#   policy drop, or ends with a rule that drops or rejects everything, for IPv4 and for IPv6; ufw denies incoming by default; the default
#   zone of firewalld, and every zone that is bound to interfaces or sources, does not accept.
# related_resources:
#   - https://wiki.nftables.org/wiki-nftables/index.php/Configuring_chains
# custom:
#   id: firewall-default-deny
#   severity: medium
#   facts: [firewall]
#   may_be_absent: [firewall]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-NET-002]
#     ssg: [nftables_ensure_default_deny_policy, set_ufw_default_rule, set_iptables_default_rule]
#     cis_debian12: ["4.2.7", "4.3.8", "4.4.2.1"]
#     cis_ubuntu2204: ["4.1.7", "4.2.8", "4.3.2.1"]
#     nist_800_53: ["CA-3(5)", "CM-6(a)", "CM-7(b)", "SC-7(23)"]
#     pci_dss_4: ["1.3.1"]
#   params:
#     families: {type: array, default: [ip, ip6], doc: "families of addresses that must be covered: ip and ip6"}
#   remediation: >-
#     Write "policy drop;" into the chain for input of /etc/nftables.conf behind rules that let administrators in; or "ufw default deny
#     incoming"; or ":INPUT DROP" in /etc/iptables/rules.v4 and rules.v6.
package guestctl.firewall.default_deny

import data.guestctl.lib
import data.guestctl.lib.firewall
import data.guestctl.params

active := object.get(input, ["firewall", "active"], [])

families := params["firewall-default-deny"].families

unknown contains sprintf("whether boot starts %s is not known", [name]) if {
	count(active) == 0
	some name in firewall.names
	part := input.firewall[name]
	is_null(part.enabled)
}

deny contains {"msg": "boot starts no firewall, so that everything is accepted", "actual": "no firewall", "expected": "a policy of drop", "evidence": [], "key": "active"} if {
	count(active) == 0
}

# nftables and iptables

inputs("nftables", family) := [chain |
	some table in input.firewall.nftables.tables
	table.family in {family, "inet"}
	some chain in table.chains
	chain.hook == "input"
	chain.type == "filter"
]

inputs("iptables", family) := [chain |
	some table in input.firewall.iptables.tables
	table.family == family
	table.name == "filter"
	some chain in table.chains
	chain.name == "INPUT"
]

deny contains finding if {
	some name in active
	name in {"nftables", "iptables"}
	some family in families
	chains := inputs(name, family)
	not closed(chains)
	finding := {
		"msg": sprintf("%s accepts input by default over %s: %s", [name, word[family], why(chains)]),
		"actual": sprintf("%s %s: %s", [name, family, why(chains)]),
		"expected": "a policy of drop",
		"evidence": [chain.source | some chain in chains],
		"key": sprintf("%s %s", [name, family]),
	}
}

word := {"ip": "IPv4", "ip6": "IPv6"}

# closed reports whether one of the chains lets nothing through that it does not accept: all of them must.
closed(chains) if {
	some chain in chains
	lower(chain.policy) == "drop"
}

closed(chains) if {
	some chain in chains
	chain.rules == count(chain.lines)
	regex.match(`^((\[\d+:\d+\] )?-A INPUT -j (DROP|REJECT)( --reject-with \S+)?|(counter )?(drop|reject( with [a-z0-9 -]+)?))$`, chain.lines[chain.rules - 1].text)
}

why(chains) := "no chain is for it" if count(chains) == 0

why(chains) := sprintf("the policy is %s", [concat(", ", [lower(chain.policy) | some chain in chains])]) if count(chains) > 0

# ufw

deny contains finding if {
	"ufw" in active
	v := object.union({"value": "not set", "source": null}, set)
	not v.value in {"DROP", "REJECT"}
	finding := {
		"msg": sprintf("DEFAULT_INPUT_POLICY of ufw is %s, want DROP or REJECT (%s)", [v.value, lib.origin(v)]),
		"actual": sprintf("DEFAULT_INPUT_POLICY=%s", [v.value]),
		"expected": "DROP or REJECT",
		"evidence": lib.evidence(v),
		"key": "ufw",
	}
}

set := input.firewall.ufw.default_input if not is_null(input.firewall.ufw.default_input)

set := {} if is_null(input.firewall.ufw.default_input)

# firewalld

used(zone) if zone.name == input.firewall.firewalld.default_zone.value

used(zone) if count(zone.interfaces) + count(zone.sources) > 0

unknown contains sprintf("the zone %s of firewalld is in no file", [name]) if {
	"firewalld" in active
	name := input.firewall.firewalld.default_zone.value
	count([zone | some zone in input.firewall.firewalld.zones; zone.name == name]) == 0
}

deny contains finding if {
	"firewalld" in active
	some zone in input.firewall.firewalld.zones
	used(zone)
	zone.target == "ACCEPT"
	finding := {
		"msg": sprintf("the zone %s of firewalld accepts everything (%s)", [zone.name, zone.path]),
		"actual": sprintf("target ACCEPT in %s", [zone.name]),
		"expected": "target default, DROP or %%REJECT%%",
		"evidence": [{"path": zone.path}],
		"key": zone.name,
	}
}
