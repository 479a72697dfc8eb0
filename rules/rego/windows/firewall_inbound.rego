# METADATA
# title: The firewall lets in what a rule allows, and nothing else
# description: >-
#   Where everything is let in that no rule forbids, each service that is installed is open.
# custom:
#   id: windows-firewall-inbound
#   severity: high
#   facts: [windows_firewall]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-107]
#     cis_windows2022: ["9.1.2", "9.2.2", "9.3.2"]
#   remediation: >-
#     netsh advfirewall set allprofiles firewallpolicy blockinbound,allowoutbound
package guestctl.windows.firewall_inbound

import data.guestctl.lib.windows

deny contains finding if {
	some name in ["domain", "private", "public"]
	value := input.windows_firewall[name].inbound
	some finding in windows.other(value, {"name": sprintf("inbound of the %s profile", [name]), "equals": "block"})
}
