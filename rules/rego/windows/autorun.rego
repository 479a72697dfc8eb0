# METADATA
# title: Nothing starts from a medium by itself
# description: >-
#   A stick that is put in is otherwise enough to run what is on it.
# custom:
#   id: windows-autorun
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-020]
#     cis_windows2022: ["18.9.8.2", "18.9.8.3"]
#   remediation: >-
#     Set "Turn off Autoplay" to Enabled for all drives, and "Set the default behavior for AutoRun" to "Do not execute any
#     autorun commands".
package guestctl.windows.autorun

import data.guestctl.lib.windows

settings := [
	[input.windows_security.system.no_drive_type_auto_run, {"key": `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\Explorer`, "name": "NoDriveTypeAutoRun", "equals": 255}],
	[input.windows_security.system.no_autorun, {"key": `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\Explorer`, "name": "NoAutorun", "equals": 1}],
]

deny contains finding if {
	some [value, want] in settings
	some finding in windows.other(value, want)
}
