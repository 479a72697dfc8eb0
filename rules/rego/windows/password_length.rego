# METADATA
# title: Passwords are long
# description: >-
#   Each letter more makes guessing many times as long.
# custom:
#   id: windows-password-length
#   severity: medium
#   facts: [windows_account_policy]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-030]
#     cis_windows2022: ["1.1.4"]
#   params:
#     least: {type: number, default: 14, doc: characters}
#   remediation: >-
#     net accounts /minpwlen:14
package guestctl.windows.password_length

import data.guestctl.lib.windows
import data.guestctl.params

deny contains finding if some finding in windows.other(input.windows_account_policy.min_length, {"name": "minimum length", "min": params["windows-password-length"].least})
