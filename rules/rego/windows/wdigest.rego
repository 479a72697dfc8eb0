# METADATA
# title: No passwords are kept in memory for Digest
# description: >-
#   WDigest keeps the password of everybody who logs on in memory, from where it is read as it was typed.
# custom:
#   id: windows-wdigest
#   severity: high
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-009]
#     cis_windows2022: ["18.3.7"]
#   remediation: >-
#     Set UseLogonCredential to 0, or "WDigest Authentication" of the MS Security Guide to Disabled.
package guestctl.windows.wdigest

import data.guestctl.lib.windows

deny contains finding if some finding in windows.other(input.windows_security.lsa.wdigest_use_logon_credential, {"key": `HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\WDigest`, "name": "UseLogonCredential", "equals": 0})
