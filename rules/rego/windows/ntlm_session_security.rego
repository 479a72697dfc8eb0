# METADATA
# title: Sessions of NTLM are strong
# description: >-
#   Without NTLMv2 session security and 128-bit keys a session is read and changed by whoever is between its ends.
# custom:
#   id: windows-ntlm-session-security
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-006]
#     cis_windows2022: ["2.3.11.9", "2.3.11.10"]
#   remediation: >-
#     Set both options "Network security: Minimum session security for NTLM SSP" to NTLMv2 session security and 128-bit
#     encryption.
package guestctl.windows.ntlm_session_security

import data.guestctl.lib.windows

settings := [
	[input.windows_security.lsa.ntlm_min_client_sec, {"key": sprintf(`%s\MSV1_0`, [windows.lsa]), "name": "NTLMMinClientSec", "equals": 537395200}],
	[input.windows_security.lsa.ntlm_min_server_sec, {"key": sprintf(`%s\MSV1_0`, [windows.lsa]), "name": "NTLMMinServerSec", "equals": 537395200}],
]

deny contains finding if {
	some [value, want] in settings
	some finding in windows.other(value, want)
}
