# METADATA
# title: The process of the local security authority is protected
# description: >-
#   What holds the secrets of everybody who is logged on is not to be read by other programs, not even by those of an
#   administrator.
# related_resources:
#   - https://learn.microsoft.com/en-us/windows-server/security/credentials-protection-and-management/configuring-additional-lsa-protection
# custom:
#   id: windows-lsa-protection
#   severity: high
#   facts: [windows_security]
#   controls:
#     ref: [GL-WIN-008]
#   remediation: >-
#     Set RunAsPPL to 1, or "Configure LSASS to run as a protected process" by group policy.
package guestctl.windows.lsa_protection

import data.guestctl.lib.windows

deny contains finding if some finding in windows.other(input.windows_security.lsa.run_as_ppl, {"key": windows.lsa, "name": "RunAsPPL", "in": [1, 2]})
