# METADATA
# title: Sessions of remote desktop are encrypted by TLS
# description: >-
#   The older layers prove no server, and weak keys are broken.
# custom:
#   id: windows-rdp-encryption
#   severity: medium
#   facts: [windows_remote]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-028]
#     cis_windows2022: ["18.9.65.3.9.3", "18.9.65.3.9.5"]
#   remediation: >-
#     Set "Require use of specific security layer for remote (RDP) connections" to SSL and "Set client connection encryption
#     level" to High Level.
package guestctl.windows.rdp_encryption

import data.guestctl.lib.windows

applicable if input.windows_remote.rdp.enabled.value

skip_reason := "remote desktop is off"

settings := [
	[input.windows_remote.rdp.security_layer, {"key": windows.terminal_services, "name": "SecurityLayer", "equals": 2}],
	[input.windows_remote.rdp.min_encryption_level, {"key": windows.terminal_services, "name": "MinEncryptionLevel", "min": 3}],
]

deny contains finding if {
	some [value, want] in settings
	some finding in windows.other(value, want)
}
