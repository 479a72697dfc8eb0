# METADATA
# title: Names and gids of groups are unique
# description: >-
#   Members of one of two groups with one number have the rights of the other, and of two lines with one name programs take the
#   first and administrators read the second.
# custom:
#   id: users-unique-groups
#   severity: medium
#   facts: [groups]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-USR-005]
#     ssg: [group_unique_id, group_unique_name]
#     cis_debian12: ["7.2.6", "7.2.8"]
#     cis_ubuntu2204: ["7.2.6", "7.2.8"]
#     cis_rhel9: ["7.2.5", "7.2.7"]
#     stig_rhel9: [RHEL-09-411110]
#     pci_dss_4: ["8.2.1"]
#   remediation: Give each group a name and a gid of its own with "groupmod -n" and "groupmod -g", and its files with chgrp.
package guestctl.users.unique_groups

of_name[group.name] contains i if some i, group in input.groups

of_gid[group.gid] contains i if some i, group in input.groups

deny contains finding if {
	some name, lines in of_name
	count(lines) > 1
	finding := {
		"key": name,
		"msg": sprintf("%d groups are called %s", [count(lines), name]),
		"actual": sprintf("%d times %s", [count(lines), name]),
		"expected": "every name once",
		"evidence": [input.groups[i].source | some i in lines],
	}
}

deny contains finding if {
	some gid, lines in of_gid
	count(lines) > 1
	names := concat(" and ", [input.groups[i].name | some i in lines])
	finding := {
		"key": sprintf("%d", [gid]),
		"msg": sprintf("%s share gid %d", [names, gid]),
		"actual": sprintf("gid %d: %s", [gid, names]),
		"expected": "every gid once",
		"evidence": [input.groups[i].source | some i in lines],
	}
}
