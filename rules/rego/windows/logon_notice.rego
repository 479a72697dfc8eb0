# METADATA
# title: A notice is shown before the logon
# description: >-
#   It says to whom the machine belongs and that its use is watched, without which some courts let an intruder go.
# custom:
#   id: windows-logon-notice
#   severity: low
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-126]
#     cis_windows2022: ["2.3.7.4", "2.3.7.5"]
#   remediation: >-
#     Set "Interactive logon: Message text" and "Message title for users attempting to log on".
package guestctl.windows.logon_notice

import data.guestctl.lib

deny contains finding if {
	some [value, name] in [
		[input.windows_security.logon.legal_notice_text, "LegalNoticeText"],
		[input.windows_security.logon.legal_notice_caption, "LegalNoticeCaption"],
	]
	trim_space(value.value) == ""
	finding := {
		"key": name,
		"msg": sprintf("%s is empty (%s)", [name, lib.origin(value)]),
		"actual": "empty",
		"expected": "a notice",
		"evidence": lib.evidence(value),
	}
}
