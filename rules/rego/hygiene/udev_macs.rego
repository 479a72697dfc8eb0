# METADATA
# title: No hardware address of the build is left
# description: >-
#   A rule or a configuration that holds for the network card of the build leaves every other machine without its network, or
#   with another name for it. Rules of udev, links of systemd and the configuration of ifcfg, NetworkManager and netplan count.
# related_resources:
#   - https://libguestfs.org/virt-sysprep.1.html
# custom:
#   id: hygiene-udev-macs
#   severity: medium
#   facts: [image_state.udev_net_rules]
#   controls:
#     ref: [GI-010]
#   params:
#     allowed:
#       type: array
#       default: []
#       doc: hardware addresses that may be named, in lower case with colons
#   remediation: Remove the rule, or the line with the address, and match interfaces by name, driver or path.
package guestctl.hygiene.udev_macs

import data.guestctl.params

deny contains finding if {
	some rule in input.image_state.udev_net_rules
	not rule.mac in params["hygiene-udev-macs"].allowed
	finding := {
		"msg": sprintf("%s line %d holds for %s only", [rule.path, rule.line, rule.mac]),
		"actual": rule.mac,
		"expected": "no hardware address",
		"evidence": [{"path": rule.path, "line": rule.line}],
		"key": sprintf("%s %s", [rule.path, rule.mac]),
	}
}
