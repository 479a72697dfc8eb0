# METADATA
# title: Scripts of PowerShell are written down
# description: >-
#   Most attacks on Windows use PowerShell. With script block logging what it ran is in the log, unpacked.
# custom:
#   id: windows-powershell-logging
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-018]
#     cis_windows2022: ["18.9.100.1"]
#   remediation: >-
#     Set "Turn on PowerShell Script Block Logging" to Enabled by group policy.
package guestctl.windows.powershell_logging

import data.guestctl.lib.windows

deny contains finding if some finding in windows.other(input.windows_security.powershell.script_block_logging, {"key": `HKLM\SOFTWARE\Policies\Microsoft\Windows\PowerShell\ScriptBlockLogging`, "name": "EnableScriptBlockLogging", "equals": 1})
