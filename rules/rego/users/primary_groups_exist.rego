# METADATA
# title: The primary group of every account exists
# description: >-
#   Files of an account whose group does not exist belong to a number, and whoever makes a group with that number later owns them.
# custom:
#   id: users-primary-groups-exist
#   severity: medium
#   facts: [users, groups]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-USR-006]
#     ssg: [gid_passwd_group_same]
#     cis_debian12: ["7.2.3"]
#     cis_ubuntu2204: ["7.2.3"]
#     cis_rhel9: ["7.2.3"]
#     stig_rhel9: [RHEL-09-411045]
#     nist_800_53: ["CM-6(a)", IA-2]
#     pci_dss_4: ["8.2.2"]
#   remediation: Make the group with "groupadd -g", or give the account another one with "usermod -g".
package guestctl.users.primary_groups_exist

import data.guestctl.lib

deny contains finding if {
	some user in input.users
	user.primary_group == ""
	finding := {
		"key": sprintf("%s at %s", [user.name, lib.origin(user)]),
		"msg": sprintf("%s has the primary gid %d, which no group has", [user.name, user.gid]),
		"actual": sprintf("%s: gid %d", [user.name, user.gid]),
		"expected": "a gid of /etc/group",
		"evidence": [user.source],
	}
}
