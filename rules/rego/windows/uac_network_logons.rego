# METADATA
# title: Local accounts have no full rights over the network
# description: >-
#   One password of a local administrator, which is often the same on many machines, is otherwise enough to go from each to the
#   next.
# custom:
#   id: windows-uac-network-logons
#   severity: high
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-014]
#     cis_windows2022: ["18.3.1"]
#   remediation: >-
#     Set "Apply UAC restrictions to local accounts on network logons" of the MS Security Guide to Enabled.
package guestctl.windows.uac_network_logons

import data.guestctl.lib.windows

deny contains finding if some finding in windows.other(input.windows_security.uac.local_account_token_filter, {"key": windows.system_policies, "name": "LocalAccountTokenFilterPolicy", "equals": 0})
