# METADATA
# title: No password was last changed in the future
# description: >-
#   A password that says it was changed tomorrow does not grow old: its account gets around every limit on its age. Looked at are
#   the accounts whose password lets in.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/shadow.5.html
# custom:
#   id: users-password-change-past
#   severity: medium
#   facts: [users, meta.now_day]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-USR-013]
#     ssg: [accounts_password_last_change_is_in_past]
#     cis_debian12: ["5.4.1.6"]
#     cis_ubuntu2204: ["5.4.1.6"]
#     cis_rhel9: ["5.4.1.6"]
#     pci_dss_4: ["8.3.5"]
#   remediation: Set the day right with "chage -d", after the clock of the machine.
package guestctl.users.password_change_past

import data.guestctl.lib

deny contains finding if {
	some user in input.users
	user.shadow.state == "hash"
	is_number(user.shadow.last_change)
	user.shadow.last_change > input.meta.now_day
	finding := {
		"key": sprintf("%s at %s", [user.name, lib.origin(user)]),
		"msg": sprintf("the password of %s was last changed on day %d, which is %d days ahead", [user.name, user.shadow.last_change, user.shadow.last_change - input.meta.now_day]),
		"actual": sprintf("%s: day %d", [user.name, user.shadow.last_change]),
		"expected": sprintf("day %d at most", [input.meta.now_day]),
		"evidence": [user.shadow.source],
	}
}
