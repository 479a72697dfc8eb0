# METADATA
# title: Nobody without an account lists accounts and shares
# description: >-
#   Names of accounts and shares are what a guess at passwords begins with. Windows gives them to anybody who asks where it is
#   not told otherwise.
# custom:
#   id: windows-anonymous-access
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-003]
#     cis_windows2022: ["2.3.10.2", "2.3.10.3", "2.3.10.5", "2.3.10.10"]
#   remediation: >-
#     Set the options "Network access: Do not allow anonymous enumeration of SAM accounts and shares" and "Restrict anonymous
#     access to Named Pipes and Shares" to Enabled, and "Let Everyone permissions apply to anonymous users" to Disabled.
package guestctl.windows.anonymous_access

import data.guestctl.lib.windows

settings := [
	[input.windows_security.lsa.restrict_anonymous, {"key": windows.lsa, "name": "RestrictAnonymous", "min": 1}],
	[input.windows_security.lsa.restrict_anonymous_sam, {"key": windows.lsa, "name": "RestrictAnonymousSAM", "equals": 1}],
	[input.windows_security.lsa.everyone_includes_anonymous, {"key": windows.lsa, "name": "EveryoneIncludesAnonymous", "equals": 0}],
	[input.windows_security.smb.restrict_null_session_access, {"key": `HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters`, "name": "RestrictNullSessAccess", "equals": 1}],
]

deny contains finding if {
	some [value, want] in settings
	some finding in windows.other(value, want)
}
