# METADATA
# title: An account is locked after wrong passwords
# description: >-
#   Without it passwords are tried for as long as it takes. A lockout of 0 minutes lasts until somebody unlocks the account.
# custom:
#   id: windows-account-lockout
#   severity: medium
#   facts: [windows_account_policy]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-101]
#     cis_windows2022: ["1.2.1", "1.2.2", "1.2.3"]
#   params:
#     attempts: {type: number, default: 5, doc: wrong passwords at most}
#     minutes: {type: number, default: 15, doc: of lockout at least}
#   remediation: >-
#     net accounts /lockoutthreshold:5 /lockoutduration:15 /lockoutwindow:15
package guestctl.windows.account_lockout

import data.guestctl.lib.windows
import data.guestctl.params

least := params["windows-account-lockout"].minutes

settings := [
	[input.windows_account_policy.lockout_threshold, {"name": "wrong passwords", "min": 1, "max": params["windows-account-lockout"].attempts}],
	[input.windows_account_policy.window_minutes, {"name": "minutes until wrong passwords are forgotten", "min": least}],
]

deny contains finding if {
	some [value, want] in settings
	some finding in windows.other(value, want)
}

deny contains finding if {
	value := input.windows_account_policy.lockout_minutes
	value.value > 0
	some finding in windows.other(value, {"name": "minutes of lockout", "min": least})
}
