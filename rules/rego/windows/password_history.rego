# METADATA
# title: Old passwords do not come back
# description: >-
#   Whoever changes back to the password that was stolen has not changed it.
# custom:
#   id: windows-password-history
#   severity: medium
#   facts: [windows_account_policy]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-031]
#     cis_windows2022: ["1.1.1", "1.1.3"]
#   params:
#     least: {type: number, default: 24, doc: passwords that are remembered}
#   remediation: >-
#     net accounts /uniquepw:24, and /minpwage:1 so that nobody goes through all of them at once.
package guestctl.windows.password_history

import data.guestctl.lib.windows
import data.guestctl.params

settings := [
	[input.windows_account_policy.history, {"name": "remembered passwords", "min": params["windows-password-history"].least}],
	[input.windows_account_policy.min_age_days, {"name": "minimum age in days", "min": 1}],
]

deny contains finding if {
	some [value, want] in settings
	some finding in windows.other(value, want)
}
