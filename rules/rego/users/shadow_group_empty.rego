# METADATA
# title: Nobody is in the group shadow
# description: >-
#   On Debian and its kin the group shadow may read the hashes of all passwords. It is for a few programs and for no account:
#   neither as a member in group or gshadow nor by its primary group.
# custom:
#   id: users-shadow-group-empty
#   severity: medium
#   facts: [groups, users]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-USR-007]
#     ssg: [ensure_shadow_group_empty]
#     cis_debian12: ["7.2.4"]
#     cis_ubuntu2204: ["7.2.4"]
#     pci_dss_4: ["8.3.2"]
#   params:
#     group: {type: string, default: "shadow", doc: the group that may read shadow}
#   remediation: Take the member out with "gpasswd -d NAME shadow", or give the account another primary group with "usermod -g".
package guestctl.users.shadow_group_empty

import data.guestctl.params

shadow_groups := [group | some group in input.groups; group.name == params["users-shadow-group-empty"].group]

applicable if count(shadow_groups) > 0

skip_reason := sprintf("there is no group %s", [params["users-shadow-group-empty"].group])

deny contains finding if {
	some group in shadow_groups
	some [name, how, source] in array.concat(members(group), primary(group))
	finding := {
		"key": name,
		"msg": sprintf("%s %s %s", [name, how, group.name]),
		"actual": name,
		"expected": sprintf("nobody in %s", [group.name]),
		"evidence": [source],
	}
}

members(group) := array.concat(
	[[name, "is a member of", group.source] | some name in group.members],
	[[name, "is a member, by gshadow, of", group.gshadow.source] |
		some name in group.gshadow.members
		not name in group.members
	],
)

primary(group) := [[user.name, "has the primary group", user.source] |
	some user in input.users
	user.gid == group.gid
]
