# METADATA
# title: Nobody is logged on without being asked
# description: >-
#   Whoever starts the machine has the rights of that user, and the password lies in the registry for everybody to read.
# custom:
#   id: windows-auto-logon
#   severity: critical
#   facts: [windows_security, windows_secrets]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-110]
#     cis_windows2022: ["18.4.1"]
#   remediation: >-
#     Set AutoAdminLogon of Winlogon to 0, and delete DefaultPassword.
package guestctl.windows.auto_logon

import data.guestctl.lib.windows

deny contains finding if {
	some finding in windows.other(input.windows_security.logon.auto_admin_logon, {"name": "AutoAdminLogon", "equals": 0})
}

deny contains finding if {
	some secret in input.windows_secrets.found
	secret.kind == "default-password"
	finding := {
		"key": secret.name,
		"msg": sprintf("a password of a logon lies in the registry: %s", [secret.name]),
		"actual": secret.name,
		"expected": "no password",
		"evidence": [secret.source],
	}
}
