# METADATA
# title: gid 0 belongs to root only
# description: >-
#   Many files are writable or readable for the group root. No other account has it as its primary group, save for those that only
#   stop or sync the machine, and no other group has its number.
# custom:
#   id: users-only-root-has-gid-zero
#   severity: medium
#   facts: [users, groups]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-USR-008]
#     ssg: [accounts_root_gid_zero, groups_no_zero_gid_except_root]
#     cis_debian12: ["5.4.2.2", "5.4.2.3"]
#     cis_ubuntu2204: ["5.4.2.2", "5.4.2.3"]
#     cis_rhel9: ["5.4.2.2", "5.4.2.3"]
#     pci_dss_4: ["8.2.1"]
#   params:
#     users: {type: array, default: [root, sync, shutdown, halt, operator], doc: names of accounts that may have gid 0}
#     groups: {type: array, default: [root], doc: names of groups that may have gid 0}
#   remediation: Give the account another group with "usermod -g", and the group another gid with "groupmod -g".
package guestctl.users.only_root_has_gid_zero

import data.guestctl.lib
import data.guestctl.params

wanted := params["users-only-root-has-gid-zero"]

deny contains finding if {
	some user in input.users
	user.gid == 0
	not user.name in wanted.users
	finding := {
		"key": sprintf("user %s at %s", [user.name, lib.origin(user)]),
		"msg": sprintf("%s has the primary gid 0", [user.name]),
		"actual": sprintf("account %s has gid 0", [user.name]),
		"expected": "gid 0 for root only",
		"evidence": [user.source],
	}
}

deny contains finding if {
	some group in input.groups
	group.gid == 0
	not group.name in wanted.groups
	finding := {
		"key": sprintf("group %s at %s", [group.name, lib.origin(group)]),
		"msg": sprintf("the group %s has gid 0", [group.name]),
		"actual": sprintf("group %s has gid 0", [group.name]),
		"expected": "gid 0 for root only",
		"evidence": [group.source],
	}
}
