# METADATA
# title: The clock is kept right
# description: >-
#   Kerberos refuses whose clock is five minutes off, and logs of machines with different clocks tell no story.
# custom:
#   id: windows-time-service
#   severity: medium
#   facts: [windows_services]
#   controls:
#     ref: [GL-WIN-120]
#   remediation: >-
#     Set-Service W32Time -StartupType Automatic
package guestctl.windows.time_service

deny contains finding if {
	not input.windows_services.w32time
	finding := {"key": "w32time", "msg": "the time service is not installed", "actual": "not installed", "expected": "W32Time", "evidence": []}
}

deny contains finding if {
	service := input.windows_services.w32time
	service.start == "disabled"
	finding := {
		"key": "w32time",
		"msg": "the time service is disabled",
		"actual": "disabled",
		"expected": "automatic or manual",
		"evidence": [service.source],
	}
}
