# METADATA
# title: Packets do not choose their way
# description: >-
#   Source routes and redirects let somebody else lead the traffic by way of his machine.
# custom:
#   id: windows-ip-routing-options
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-023]
#     cis_windows2022: ["18.4.2", "18.4.3", "18.4.4"]
#   remediation: >-
#     Set both "MSS: (DisableIPSourceRouting)" to "Highest protection" and "MSS: (EnableICMPRedirect)" to Disabled.
package guestctl.windows.ip_routing_options

import data.guestctl.lib.windows

settings := [
	[input.windows_security.network.disable_ip_source_routing, {"key": sprintf(`%s\Parameters`, [windows.tcpip]), "name": "DisableIPSourceRouting", "equals": 2}],
	[input.windows_security.network.disable_ip_source_routing_v6, {"key": sprintf(`%s6\Parameters`, [windows.tcpip]), "name": "DisableIPSourceRouting", "equals": 2}],
	[input.windows_security.network.enable_icmp_redirect, {"key": sprintf(`%s\Parameters`, [windows.tcpip]), "name": "EnableICMPRedirect", "equals": 0}],
]

deny contains finding if {
	some [value, want] in settings
	some finding in windows.other(value, want)
}
