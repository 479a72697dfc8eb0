# METADATA
# title: Only administrators install drivers of printers
# description: >-
#   A driver that a print server hands out runs as the system: the holes called PrintNightmare.
# custom:
#   id: windows-printer-drivers
#   severity: high
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-026]
#     cis_windows2022: ["18.3.5", "18.6.2"]
#   remediation: >-
#     Set "Limits print driver installation to Administrators" to Enabled, and of "Point and Print Restrictions" show a warning
#     and ask for elevation.
package guestctl.windows.printer_drivers

import data.guestctl.lib.windows

settings := [
	[input.windows_security.system.restrict_driver_install, {"key": `HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Printers\PointAndPrint`, "name": "RestrictDriverInstallationToAdministrators", "equals": 1, "unset": true}],
	[input.windows_security.system.point_and_print_no_warning, {"key": `HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Printers\PointAndPrint`, "name": "NoWarningNoElevationOnInstall", "equals": 0, "unset": true}],
]

deny contains finding if {
	some [value, want] in settings
	some finding in windows.other(value, want)
}
