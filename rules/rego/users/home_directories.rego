# METADATA
# title: Home directories of people exist, are their own and are closed to others
# description: >-
#   Without a home the shell starts in the root directory, and with one that others own or may look into, keys and histories are
#   theirs as well. Looked at are root and the accounts between UID_MIN and UID_MAX with a login shell.
# custom:
#   id: users-home-directories
#   severity: medium
#   facts: [users]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-USR-011]
#     ssg: [accounts_user_interactive_home_directory_exists, file_ownership_home_directories, file_permissions_home_directories]
#     cis_debian12: ["7.2.9"]
#     cis_ubuntu2204: ["7.2.9"]
#     cis_rhel9: ["7.2.8"]
#     stig_rhel9: [RHEL-09-232050, RHEL-09-411065]
#   params:
#     mode: {type: string, default: "0750", doc: permissions that a home may have at most}
#   remediation: Make the home with "mkhomedir_helper NAME", and run "chmod 0750" and "chown NAME" on it.
package guestctl.users.home_directories

import data.guestctl.lib
import data.guestctl.params

wanted := params["users-home-directories"]

people := [user |
	some user in input.users
	user.login_shell
	is_person(user)
]

is_person(user) if user.interactive

is_person(user) if user.uid == 0

deny contains finding if {
	some user in people
	user.home_exists == false
	finding := {
		"key": sprintf("%s at %s", [user.name, lib.origin(user)]),
		"msg": sprintf("the home of %s, %q, is no directory", [user.name, user.home]),
		"actual": sprintf("%s: no home", [user.name]),
		"expected": "a home directory",
		"evidence": [user.source],
	}
}

deny contains finding if {
	some user in people
	user.home_exists == true
	some finding in guest.offenders([home_of(user)], {"mode": wanted.mode, "owner": [user.name]})
}

# home_of describes a home as a file. Its group is not judged.
home_of(user) := {
	"path": user.home,
	"mode": object.get(user, "home_mode", ""),
	"uid": user.home_uid,
	"gid": user.gid,
	"owner": concat("", [user.name | user.home_uid == user.uid]),
}

unknown contains {"msg": sprintf("the home of %s, %q, is on a volume that the disks do not hold", [user.name, user.home])} if {
	count(deny) == 0
	some user in people
	is_null(user.home_exists)
}
