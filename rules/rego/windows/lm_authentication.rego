# METADATA
# title: Only NTLMv2 is spoken
# description: >-
#   Answers of LM and NTLM are broken in minutes. Level 5 sends NTLMv2 alone and refuses the others.
# custom:
#   id: windows-lm-authentication
#   severity: high
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-004]
#     cis_windows2022: ["2.3.11.7"]
#   params:
#     level: {type: number, default: 5, doc: the least level of authentication}
#   remediation: >-
#     Set "Network security: LAN Manager authentication level" to "Send NTLMv2 response only. Refuse LM & NTLM".
package guestctl.windows.lm_authentication

import data.guestctl.lib.windows
import data.guestctl.params

deny contains finding if some finding in windows.other(input.windows_security.lsa.lm_compatibility_level, {"key": windows.lsa, "name": "LmCompatibilityLevel", "min": params["windows-lm-authentication"].level})
