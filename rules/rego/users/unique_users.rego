# METADATA
# title: Names and uids of accounts are unique
# description: >-
#   Two accounts with one number own each other's files and cannot be told apart in a log, and of two lines with one name programs
#   take the first and administrators read the second.
# custom:
#   id: users-unique-users
#   severity: medium
#   facts: [users]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-USR-004]
#     ssg: [account_unique_id, account_unique_name]
#     cis_debian12: ["7.2.5", "7.2.7"]
#     cis_ubuntu2204: ["7.2.5", "7.2.7"]
#     cis_rhel9: ["7.2.4", "7.2.6"]
#     stig_rhel9: [RHEL-09-411030]
#     pci_dss_4: ["8.2.1"]
#   remediation: Give each account a name and a uid of its own with "usermod -l" and "usermod -u", and its files with chown.
package guestctl.users.unique_users

of_name[user.name] contains i if some i, user in input.users

of_uid[user.uid] contains i if some i, user in input.users

deny contains finding if {
	some name, lines in of_name
	count(lines) > 1
	finding := {
		"key": name,
		"msg": sprintf("%d users are called %s", [count(lines), name]),
		"actual": sprintf("%d times %s", [count(lines), name]),
		"expected": "every name once",
		"evidence": [input.users[i].source | some i in lines],
	}
}

deny contains finding if {
	some uid, lines in of_uid
	count(lines) > 1
	names := concat(" and ", [input.users[i].name | some i in lines])
	finding := {
		"key": sprintf("%d", [uid]),
		"msg": sprintf("%s share uid %d", [names, uid]),
		"actual": sprintf("uid %d: %s", [uid, names]),
		"expected": "every uid once",
		"evidence": [input.users[i].source | some i in lines],
	}
}
