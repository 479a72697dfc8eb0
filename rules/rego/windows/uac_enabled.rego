# METADATA
# title: User account control is on
# description: >-
#   Without it everything that an administrator starts has all rights at once, and the question for them is on a desktop that
#   programs can answer.
# custom:
#   id: windows-uac-enabled
#   severity: high
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-011]
#     cis_windows2022: ["2.3.17.6", "2.3.17.7"]
#   remediation: >-
#     Set "User Account Control: Run all administrators in Admin Approval Mode" and "Switch to the secure desktop when prompting
#     for elevation" to Enabled.
package guestctl.windows.uac_enabled

import data.guestctl.lib.windows

settings := [
	[input.windows_security.uac.enabled, {"key": windows.system_policies, "name": "EnableLUA", "equals": 1}],
	[input.windows_security.uac.secure_desktop, {"key": windows.system_policies, "name": "PromptOnSecureDesktop", "equals": 1}],
]

deny contains finding if {
	some [value, want] in settings
	some finding in windows.other(value, want)
}
