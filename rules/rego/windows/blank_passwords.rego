# METADATA
# title: An account without a password logs on at the console alone
# description: >-
#   Without this, an account that somebody made without a password is open to the network.
# custom:
#   id: windows-blank-passwords
#   severity: high
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-010]
#     cis_windows2022: ["2.3.1.4"]
#   remediation: >-
#     Set "Accounts: Limit local account use of blank passwords to console logon only" to Enabled.
package guestctl.windows.blank_passwords

import data.guestctl.lib.windows

deny contains finding if some finding in windows.other(input.windows_security.lsa.limit_blank_password_use, {"key": windows.lsa, "name": "LimitBlankPasswordUse", "equals": 1})
