# METADATA
# title: The name of who was logged on last is not shown
# description: >-
#   Half of what a logon takes is otherwise on the screen.
# custom:
#   id: windows-last-user-name
#   severity: low
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-017]
#     cis_windows2022: ["2.3.7.2"]
#   remediation: >-
#     Set "Interactive logon: Don't display last signed-in" to Enabled.
package guestctl.windows.last_user_name

import data.guestctl.lib.windows

deny contains finding if some finding in windows.other(input.windows_security.logon.dont_display_last_user_name, {"key": windows.system_policies, "name": "DontDisplayLastUserName", "equals": 1})
