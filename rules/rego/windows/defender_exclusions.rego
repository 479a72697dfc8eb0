# METADATA
# title: Defender leaves out no whole drive and no kind of program
# description: >-
#   What is not scanned is where malware is put. A drive, the folders of Windows and of users, and the endings of programs are
#   more than anything can need.
# custom:
#   id: windows-defender-exclusions
#   severity: high
#   facts: [windows_defender]
#   controls:
#     ref: [GL-WIN-113]
#   params:
#     paths: {type: array, default: ['([a-z]:|%systemdrive%)?\\?\*?', '([a-z]:|%systemdrive%)\\(windows|users|programdata|program files|program files \(x86\))(\\system32|\\syswow64|\\temp)?\\?\*?', '%(systemroot|windir|temp|tmp|userprofile|programdata|public)%(\\system32|\\temp)?\\?\*?'], doc: expressions for paths that may not be left out}
#     extensions: {type: array, default: [exe, dll, sys, com, scr, bat, cmd, ps1, vbs, js, hta, msi], doc: endings of files that may not be left out}
#   remediation: >-
#     Remove-MpPreference -ExclusionPath PATH, or -ExclusionExtension; name single files or folders instead.
package guestctl.windows.defender_exclusions

import data.guestctl.params

applicable if input.windows_defender.service != ""

skip_reason := "Microsoft Defender Antivirus is not installed"

broad_path(path) if {
	some pattern in params["windows-defender-exclusions"].paths
	regex.match(sprintf("(?i)^(%s)$", [pattern]), path)
}

deny contains finding if {
	some value in input.windows_defender.exclusions.paths
	broad_path(value.value)
	finding := left_out(value, sprintf("everything in %s is left out", [value.value]))
}

deny contains finding if {
	some value in input.windows_defender.exclusions.extensions
	lower(trim_left(value.value, "*.")) in params["windows-defender-exclusions"].extensions
	finding := left_out(value, sprintf("every file called *.%s is left out", [trim_left(value.value, "*.")]))
}

left_out(value, msg) := {
	"key": value.value,
	"msg": msg,
	"actual": value.value,
	"expected": "single files or folders",
	"evidence": [value.source],
}
