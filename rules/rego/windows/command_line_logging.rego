# METADATA
# title: The log tells command lines
# description: >-
#   Without the command line, the log of a new process tells that powershell.exe ran, and not what it was told.
# custom:
#   id: windows-command-line-logging
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-019]
#     cis_windows2022: ["18.8.3.1"]
#   remediation: >-
#     Set "Include command line in process creation events" to Enabled by group policy.
package guestctl.windows.command_line_logging

import data.guestctl.lib.windows

deny contains finding if some finding in windows.other(input.windows_security.system.process_creation_command_line, {"key": sprintf(`%s\Audit`, [windows.system_policies]), "name": "ProcessCreationIncludeCmdLine_Enabled", "equals": 1})
