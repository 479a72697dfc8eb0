# METADATA
# title: Homes hold no files that open doors, and no dot files that others may write
# description: >-
#   .rhosts and .shosts let in without a password, .netrc holds passwords, and .forward sends mail, or runs a program on it. A dot
#   file that others may write, or own, runs their commands at the next login. Looked at are the homes of root and of every
#   account with a login shell.
# custom:
#   id: users-dot-files
#   severity: medium
#   facts: [homes]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-USR-012]
#     ssg: [no_rsh_trust_files, no_netrc_files, no_forward_files, file_permission_user_init_files]
#     cis_debian12: ["7.2.10"]
#     cis_ubuntu2204: ["7.2.10"]
#     cis_rhel9: ["7.2.9"]
#     anssi_bp28: [R50]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)", "IA-5(1)(c)", "IA-5(7)", "IA-5(h)"]
#   params:
#     forbidden: {type: array, default: [".rhosts", ".shosts", ".netrc", ".forward"], doc: names that may not be in a home}
#     mode: {type: string, default: "0755", doc: permissions that a dot file may have at most}
#   remediation: Remove the file, or run "chmod go-w" and "chown NAME" on it.
package guestctl.users.dot_files

import data.guestctl.params

wanted := params["users-dot-files"]

deny contains finding if {
	some home in input.homes
	some file in home.entries
	file.name in wanted.forbidden
	finding := {
		"key": file.path,
		"msg": sprintf("%s is there", [file.path]),
		"actual": file.path,
		"expected": sprintf("no %s", [file.name]),
		"evidence": [{"path": file.path}],
	}
}

deny contains finding if {
	some home in input.homes
	some finding in guest.offenders(own_files(home), {"mode": wanted.mode, "owner": [home.user, "root", sprintf("%d", [home.uid])]})
}

own_files(home) := [file |
	some file in home.entries
	file.type == "file"
	not contains(file.name, "/")
]

unknown contains {"msg": sprintf("the home of %s, %q, is on a volume that the disks do not hold", [home.user, home.path])} if {
	count(deny) == 0
	some home in input.homes
	is_null(home.exists)
}
