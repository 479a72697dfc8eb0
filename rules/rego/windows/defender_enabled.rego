# METADATA
# title: Defender watches what is read and written
# description: >-
#   An antivirus that is switched off is no antivirus. A guest without its service has another, or none; that is not judged
#   here.
# custom:
#   id: windows-defender-enabled
#   severity: high
#   facts: [windows_defender]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-112]
#     cis_windows2022: ["18.9.47.9.1", "18.9.47.9.2", "18.9.47.9.3", "18.9.47.9.4", "18.9.47.16"]
#   remediation: >-
#     Set-MpPreference -DisableRealtimeMonitoring $false, and take away the policies that turn Defender off.
package guestctl.windows.defender_enabled

import data.guestctl.lib.windows

applicable if input.windows_defender.service != ""

skip_reason := "Microsoft Defender Antivirus is not installed"

settings := [
	[input.windows_defender.disabled, {"name": "Defender turned off", "equals": false}],
	[input.windows_defender.real_time, {"name": "real-time protection", "equals": true}],
	[input.windows_defender.behavior_monitoring, {"name": "behaviour monitoring", "equals": true}],
	[input.windows_defender.scan_downloads, {"name": "scan of downloads", "equals": true}],
	[input.windows_defender.scan_scripts, {"name": "scan of scripts", "equals": true}],
]

deny contains finding if {
	some [value, want] in settings
	some finding in windows.other(value, want)
}

deny contains finding if {
	input.windows_defender.service == "disabled"
	finding := {
		"key": "service",
		"msg": "the service of Defender is disabled",
		"actual": "disabled",
		"expected": "automatic",
		"evidence": [],
	}
}
