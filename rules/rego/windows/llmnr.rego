# METADATA
# title: Names are not asked of the neighbours
# description: >-
#   Any machine of the network can answer a question by LLMNR, and gets the logon that follows.
# custom:
#   id: windows-llmnr
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-021]
#     cis_windows2022: ["18.5.4.2"]
#   remediation: >-
#     Set "Turn off multicast name resolution" of the DNS client to Enabled by group policy.
package guestctl.windows.llmnr

import data.guestctl.lib.windows

deny contains finding if some finding in windows.other(input.windows_security.network.enable_multicast, {"key": `HKLM\SOFTWARE\Policies\Microsoft\Windows NT\DNSClient`, "name": "EnableMulticast", "equals": 0})
