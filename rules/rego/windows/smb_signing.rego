# METADATA
# title: File sharing is signed
# description: >-
#   Without a signature on every message, whoever is between client and server changes what they read and write, or passes a
#   logon on to another server. Both sides ask for it; what Windows does by itself differs between its versions.
# related_resources:
#   - https://learn.microsoft.com/en-us/windows-server/storage/file-server/smb-signing-overview
# custom:
#   id: windows-smb-signing
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-001]
#     cis_windows2022: ["2.3.8.1", "2.3.9.2"]
#   remediation: >-
#     Set "Microsoft network server: Digitally sign communications (always)" and the same of the client to Enabled by group
#     policy.
package guestctl.windows.smb_signing

import data.guestctl.lib.windows

settings := [
	[input.windows_security.smb.server_signing_required, {"key": `HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters`, "name": "RequireSecuritySignature", "equals": 1}],
	[input.windows_security.smb.client_signing_required, {"key": `HKLM\SYSTEM\CurrentControlSet\Services\LanmanWorkstation\Parameters`, "name": "RequireSecuritySignature", "equals": 1}],
]

deny contains finding if {
	some [value, want] in settings
	some finding in windows.other(value, want)
}
