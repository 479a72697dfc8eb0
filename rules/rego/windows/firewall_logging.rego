# METADATA
# title: The firewall writes down what it drops
# description: >-
#   What knocked at a machine is what a look back begins with.
# custom:
#   id: windows-firewall-logging
#   severity: low
#   facts: [windows_firewall]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-108]
#     cis_windows2022: ["9.1.6", "9.1.7", "9.2.6", "9.2.7", "9.3.8", "9.3.9"]
#   params:
#     kib: {type: number, default: 16384, doc: the least size of a log}
#   remediation: >-
#     netsh advfirewall set allprofiles logging droppedconnections enable, and maxfilesize 16384
package guestctl.windows.firewall_logging

import data.guestctl.lib.windows
import data.guestctl.params

deny contains finding if {
	some name in ["domain", "private", "public"]
	profile := input.windows_firewall[name]
	some [value, want] in [
		[profile.log_dropped, {"name": sprintf("log of dropped packets of the %s profile", [name]), "equals": true}],
		[profile.log_size, {"name": sprintf("size in KiB of the log of the %s profile", [name]), "min": params["windows-firewall-logging"].kib}],
	]
	some finding in windows.other(value, want)
}
