# METADATA
# title: Nothing waits for a restart
# description: >-
#   An update that waits for a restart is not in effect: the hole that it mends is open.
# custom:
#   id: windows-pending-reboot
#   severity: medium
#   facts: [windows_reboot]
#   controls:
#     ref: [GL-WIN-124]
#   remediation: >-
#     Restart the machine before its image is taken.
package guestctl.windows.pending_reboot

deny contains finding if {
	some reason in input.windows_reboot.reasons
	finding := {
		"key": reason.reason,
		"msg": sprintf("a restart is pending: %s", [reason.reason]),
		"actual": reason.reason,
		"expected": "nothing pending",
		"evidence": [reason.source],
	}
}
