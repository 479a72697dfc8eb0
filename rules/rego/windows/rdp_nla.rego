# METADATA
# title: Who connects to the desktop proves who he is first
# description: >-
#   Without network level authentication anybody gets to the logon screen, and to its holes.
# custom:
#   id: windows-rdp-nla
#   severity: high
#   facts: [windows_remote]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-027]
#     cis_windows2022: ["18.9.65.3.9.4"]
#   remediation: >-
#     Set "Require user authentication for remote connections by using Network Level Authentication" to Enabled.
package guestctl.windows.rdp_nla

import data.guestctl.lib.windows

applicable if input.windows_remote.rdp.enabled.value

skip_reason := "remote desktop is off"

deny contains finding if some finding in windows.other(input.windows_remote.rdp.nla, {"key": windows.terminal_services, "name": "UserAuthentication", "equals": 1})
