# METADATA
# title: The built-in administrator is asked, too
# description: >-
#   The account that every Windows has is otherwise the one whose programs all run with full rights.
# custom:
#   id: windows-uac-administrator
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-013]
#     cis_windows2022: ["2.3.17.1"]
#   remediation: >-
#     Set "User Account Control: Admin Approval Mode for the Built-in Administrator account" to Enabled.
package guestctl.windows.uac_administrator

import data.guestctl.lib.windows

deny contains finding if some finding in windows.other(input.windows_security.uac.filter_administrator_token, {"key": windows.system_policies, "name": "FilterAdministratorToken", "equals": 1})
