# METADATA
# title: Installing needs the rights of who installs
# description: >-
#   AlwaysInstallElevated makes everybody an administrator who can write a package.
# custom:
#   id: windows-installer-rights
#   severity: high
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-025]
#     cis_windows2022: ["18.9.90.2"]
#   remediation: >-
#     Set "Always install with elevated privileges" to Disabled, for the machine and for users.
package guestctl.windows.installer_rights

import data.guestctl.lib.windows

deny contains finding if some finding in windows.other(input.windows_security.system.always_install_elevated, {"key": `HKLM\SOFTWARE\Policies\Microsoft\Windows\Installer`, "name": "AlwaysInstallElevated", "equals": 0})
