# METADATA
# title: Libraries and exception handlers are not taken from anywhere
# description: >-
#   Safe search of libraries looks into the current folder late, and SEHOP stops overwritten exception handlers. Both are on in
#   every Windows, unless somebody turned them off.
# custom:
#   id: windows-memory-protection
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-024]
#     cis_windows2022: ["18.3.4", "18.4.8"]
#   remediation: >-
#     Set SafeDLLSearchMode to 1 and DisableExceptionChainValidation to 0.
package guestctl.windows.memory_protection

import data.guestctl.lib.windows

settings := [
	[input.windows_security.system.safe_dll_search_mode, {"key": `HKLM\SYSTEM\CurrentControlSet\Control\Session Manager`, "name": "SafeDllSearchMode", "equals": 1}],
	[input.windows_security.system.disable_exception_chain_validation, {"key": `HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\kernel`, "name": "DisableExceptionChainValidation", "equals": 0}],
]

deny contains finding if {
	some [value, want] in settings
	some finding in windows.other(value, want)
}
