# METADATA
# title: Exactly one firewall is started
# description: >-
#   Without a firewall every service that listens can be reached, and two of them overwrite each other's rules. Boot starts one of
#   nftables, ufw, iptables (iptables-persistent, iptables-services) and firewalld; ufw must be switched on in ufw.conf as well.
# related_resources:
#   - https://wiki.debian.org/nftables
# custom:
#   id: firewall-one-enabled
#   severity: medium
#   facts: [firewall]
#   may_be_absent: [firewall]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-NET-001]
#     ssg: [firewall_single_service_active, package_nftables_installed, service_nftables_enabled]
#     cis_debian12: ["4.1.1", "4.3.1", "4.3.9"]
#     cis_ubuntu2204: ["4.2.1", "4.2.9"]
#     cis_rhel9: ["4.1.1"]
#     pci_dss_4: ["1.2.1"]
#   remediation: apt install nftables && systemctl enable nftables, or "ufw enable"; on RHEL, systemctl enable firewalld.
package guestctl.firewall.one_enabled

import data.guestctl.lib.firewall

active := object.get(input, ["firewall", "active"], [])

unknown contains sprintf("whether boot starts %s is not known", [name]) if {
	count(active) == 0
	some name in firewall.names
	part := input.firewall[name]
	is_null(part.enabled)
}

deny contains finding if {
	count(active) != 1
	finding := {
		"msg": sprintf("boot starts %s, want exactly one firewall", [firewall.shown(active)]),
		"actual": firewall.shown(active),
		"expected": "one of nftables, ufw, iptables and firewalld",
		"evidence": [],
		"key": "active",
	}
}
