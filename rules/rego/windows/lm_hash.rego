# METADATA
# title: No LM hash of a password is kept
# description: >-
#   The old hash of LAN Manager splits a password in two and knows no lower case: it is broken in seconds.
# custom:
#   id: windows-lm-hash
#   severity: high
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-005]
#     cis_windows2022: ["2.3.11.5"]
#   remediation: >-
#     Set "Network security: Do not store LAN Manager hash value on next password change" to Enabled, and have passwords
#     changed.
package guestctl.windows.lm_hash

import data.guestctl.lib.windows

deny contains finding if some finding in windows.other(input.windows_security.lsa.no_lm_hash, {"key": windows.lsa, "name": "NoLMHash", "equals": 1})
