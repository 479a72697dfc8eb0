# METADATA
# title: Remote management sends no password and nothing in the clear
# description: >-
#   Basic authentication carries the password itself, and traffic without encryption is read by everybody on the way. Both are
#   off in every Windows but for a client that offers Basic.
# custom:
#   id: windows-winrm
#   severity: medium
#   facts: [windows_remote]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-029]
#     cis_windows2022: ["18.9.102.1.1", "18.9.102.1.2", "18.9.102.2.1", "18.9.102.2.3"]
#   remediation: >-
#     Set "Allow Basic authentication" and "Allow unencrypted traffic" of the WinRM client and service to Disabled.
package guestctl.windows.winrm

import data.guestctl.lib.windows

settings := [
	[input.windows_remote.winrm.service_allow_basic, {"key": `HKLM\SOFTWARE\Policies\Microsoft\Windows\WinRM\Service`, "name": "AllowBasic", "equals": 0, "unset": true}],
	[input.windows_remote.winrm.service_allow_unencrypted, {"key": `HKLM\SOFTWARE\Policies\Microsoft\Windows\WinRM\Service`, "name": "AllowUnencryptedTraffic", "equals": 0, "unset": true}],
	[input.windows_remote.winrm.client_allow_basic, {"key": `HKLM\SOFTWARE\Policies\Microsoft\Windows\WinRM\Client`, "name": "AllowBasic", "equals": 0}],
	[input.windows_remote.winrm.client_allow_unencrypted, {"key": `HKLM\SOFTWARE\Policies\Microsoft\Windows\WinRM\Client`, "name": "AllowUnencryptedTraffic", "equals": 0, "unset": true}],
]

deny contains finding if {
	some [value, want] in settings
	some finding in windows.other(value, want)
}
