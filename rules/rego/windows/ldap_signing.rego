# METADATA
# title: Questions to directories are signed
# description: >-
#   An answer of a directory that is not signed can be changed on the way, with the rights that it tells of.
# custom:
#   id: windows-ldap-signing
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-007]
#     cis_windows2022: ["2.3.11.8"]
#   remediation: >-
#     Set "Network security: LDAP client signing requirements" to "Negotiate signing" or "Require signing".
package guestctl.windows.ldap_signing

import data.guestctl.lib.windows

deny contains finding if some finding in windows.other(input.windows_security.lsa.ldap_client_integrity, {"key": `HKLM\SYSTEM\CurrentControlSet\Services\LDAP`, "name": "LDAPClientIntegrity", "min": 1})
