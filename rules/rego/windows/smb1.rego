# METADATA
# title: The first version of SMB is off
# description: >-
#   SMB1 knows no encryption and was how WannaCry spread. Its server is off where the registry says so or the feature is not
#   installed, and its client where the driver is disabled or not there.
# custom:
#   id: windows-smb1
#   severity: critical
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-102]
#     cis_windows2022: ["18.3.2", "18.3.3"]
#   remediation: >-
#     Disable-WindowsOptionalFeature -Online -FeatureName SMB1Protocol, or set both "Configure SMB v1" of the MS Security Guide
#     to disabled.
package guestctl.windows.smb1

import data.guestctl.lib.windows

server := {"key": `HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters`, "name": "SMB1", "equals": 0}

driver := {"key": `HKLM\SYSTEM\CurrentControlSet\Services\mrxsmb10`, "name": "Start", "equals": 4, "unset": true}

deny contains finding if {
	not without_feature
	some finding in windows.other(input.windows_security.smb.smb1_server, server)
}

deny contains finding if some finding in windows.other(input.windows_security.smb.smb1_driver, driver)

# Nothing says that the server speaks it, and the feature that brings both sides of it is not there.
without_feature if {
	is_null(input.windows_security.smb.smb1_server)
	is_null(input.windows_security.smb.smb1_driver)
}
