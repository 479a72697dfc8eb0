# METADATA
# title: Shares are not used as a guest
# description: >-
#   A client that falls back to a guest logon reads what any server answers, without signature or encryption.
# custom:
#   id: windows-smb-guest-logon
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-002]
#     cis_windows2022: ["18.5.8.1"]
#   remediation: >-
#     Set "Enable insecure guest logons" of Lanman Workstation to Disabled by group policy.
package guestctl.windows.smb_guest_logon

import data.guestctl.lib.windows

deny contains finding if some finding in windows.other(input.windows_security.smb.insecure_guest_auth, {"key": `HKLM\SOFTWARE\Policies\Microsoft\Windows\LanmanWorkstation`, "name": "AllowInsecureGuestAuth", "equals": 0})
