# METADATA
# title: Passwords must be changed within a year
# description: >-
#   A stolen password that nobody changes is good for ever.
# custom:
#   id: windows-password-age
#   severity: medium
#   facts: [windows_account_policy]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-032]
#     cis_windows2022: ["1.1.2"]
#   params:
#     days: {type: number, default: 365, doc: after which a password must have been changed}
#   remediation: >-
#     net accounts /maxpwage:365
package guestctl.windows.password_age

import data.guestctl.lib.windows
import data.guestctl.params

deny contains finding if some finding in windows.other(input.windows_account_policy.max_age_days, {"name": "maximum age in days", "min": 1, "max": params["windows-password-age"].days})
