# METADATA
# title: The firewall is on in every profile
# description: >-
#   Which profile applies is decided by the network a machine is put into; one that is off is a machine without a firewall
#   there. A service that is disabled makes all of them mean nothing.
# custom:
#   id: windows-firewall-enabled
#   severity: high
#   facts: [windows_firewall]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-106]
#     cis_windows2022: ["9.1.1", "9.2.1", "9.3.1"]
#   remediation: >-
#     netsh advfirewall set allprofiles state on, and sc.exe config mpssvc start= auto
package guestctl.windows.firewall_enabled

import data.guestctl.lib.windows

deny contains finding if {
	some name in ["domain", "private", "public"]
	value := input.windows_firewall[name].enabled
	some finding in windows.other(value, {"name": sprintf("the %s profile", [name]), "equals": true})
}

deny contains finding if {
	input.windows_firewall.service != "automatic"
	start := input.windows_firewall.service
	finding := {
		"key": "service",
		"msg": sprintf("the service of the firewall is %q, want it automatic", [start]),
		"actual": start,
		"expected": "automatic",
		"evidence": [],
	}
}
