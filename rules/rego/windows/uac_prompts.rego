# METADATA
# title: Rights are asked for on the secure desktop
# description: >-
#   An administrator is asked each time, and others are not offered to become one.
# custom:
#   id: windows-uac-prompts
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-012]
#     cis_windows2022: ["2.3.17.2", "2.3.17.3"]
#   remediation: >-
#     Set "Behavior of the elevation prompt for administrators" to "Prompt for consent on the secure desktop" and that for
#     standard users to "Automatically deny elevation requests".
package guestctl.windows.uac_prompts

import data.guestctl.lib.windows

settings := [
	[input.windows_security.uac.consent_prompt_admin, {"key": windows.system_policies, "name": "ConsentPromptBehaviorAdmin", "in": [2, 1]}],
	[input.windows_security.uac.consent_prompt_user, {"key": windows.system_policies, "name": "ConsentPromptBehaviorUser", "equals": 0}],
]

deny contains finding if {
	some [value, want] in settings
	some finding in windows.other(value, want)
}
