# METADATA
# title: Passwords are complex, and cannot be read back
# description: >-
#   Windows asks for three kinds of characters, and keeps no password in a form from which it can be had again.
# custom:
#   id: windows-password-complexity
#   severity: high
#   facts: [windows_account_policy]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-033]
#     cis_windows2022: ["1.1.5", "1.1.7"]
#   remediation: >-
#     Set "Password must meet complexity requirements" to Enabled and "Store passwords using reversible encryption" to Disabled.
package guestctl.windows.password_complexity

import data.guestctl.lib.windows

settings := [
	[input.windows_account_policy.complexity, {"name": "complexity", "equals": true}],
	[input.windows_account_policy.reversible, {"name": "reversible encryption", "equals": false}],
]

deny contains finding if {
	some [value, want] in settings
	some finding in windows.other(value, want)
}
