# METADATA
# title: NetBIOS asks no neighbours for names
# description: >-
#   Any machine of the network can answer what is asked of all of it. As a P-node Windows asks a server alone.
# custom:
#   id: windows-netbios-names
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-022]
#     cis_windows2022: ["18.3.6"]
#   remediation: >-
#     Set "NetBT NodeType configuration" of the MS Security Guide to P-node.
package guestctl.windows.netbios_names

import data.guestctl.lib.windows

deny contains finding if some finding in windows.other(input.windows_security.network.netbios_node_type, {"key": `HKLM\SYSTEM\CurrentControlSet\Services\NetBT\Parameters`, "name": "NodeType", "equals": 2})
