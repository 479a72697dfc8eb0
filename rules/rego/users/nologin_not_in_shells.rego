# METADATA
# title: nologin is not among the valid shells
# description: >-
#   Programs such as FTP servers take an account whose shell is in /etc/shells for that of a person. nologin there makes persons
#   of all the accounts of the system.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/shells.5.html
# custom:
#   id: users-nologin-not-in-shells
#   severity: low
#   facts: [shells]
#   levels: [cis-l2]
#   controls:
#     ref: [GL-USR-014]
#     ssg: [no_nologin_in_shells]
#     cis_debian12: ["5.4.3.1"]
#     cis_ubuntu2204: ["5.4.3.1"]
#   params:
#     forbidden: {type: array, default: [nologin], doc: names of programs that may not be in /etc/shells}
#   remediation: Remove the lines of nologin from /etc/shells.
package guestctl.users.nologin_not_in_shells

import data.guestctl.params

deny contains finding if {
	some shell in input.shells
	parts := split(shell, "/")
	parts[count(parts) - 1] in params["users-nologin-not-in-shells"].forbidden
	finding := {
		"key": shell,
		"msg": sprintf("/etc/shells has %s", [shell]),
		"actual": shell,
		"expected": "shells that people use",
		"evidence": [{"path": "/etc/shells"}],
	}
}
