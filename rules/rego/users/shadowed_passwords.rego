# METADATA
# title: All passwords are in shadow
# description: >-
#   Everybody on the machine can read passwd. A hash there can be guessed at leisure, so the field of every account is x, which
#   sends to shadow. Lines that take in accounts of NIS count, since NIS shows hashes to the whole network.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/passwd.5.html
# custom:
#   id: users-shadowed-passwords
#   severity: high
#   facts: [users, nis]
#   may_be_absent: [nis]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-USR-003]
#     ssg: [accounts_password_all_shadowed]
#     cis_debian12: ["7.2.1"]
#     cis_ubuntu2204: ["7.2.1"]
#     cis_rhel9: ["7.2.1"]
#     nist_800_53: ["CM-6(a)", "IA-5(h)"]
#     pci_dss_4: ["8.3.2"]
#   remediation: Run pwconv, and remove lines of passwd and shadow that begin with +.
package guestctl.users.shadowed_passwords

import data.guestctl.lib

deny contains finding if {
	some user in input.users
	not user.password_in_passwd == "x"
	finding := {
		"key": sprintf("%s at %s", [user.name, lib.origin(user)]),
		"msg": sprintf("the password field of %s in passwd is %s, want x", [user.name, held(user.password_in_passwd)]),
		"actual": sprintf("%s: %s", [user.name, held(user.password_in_passwd)]),
		"expected": "x",
		"evidence": [user.source],
	}
}

held(state) := object.get({"hash": "a hash", "empty": "empty"}, state, state)

# A line such as "+" takes in accounts of NIS, whose hashes everybody on the network can read.
deny contains finding if {
	some entry in input.nis
	entry.source.path in {"/etc/passwd", "/etc/shadow"}
	startswith(entry.name, "+")
	finding := {
		"key": sprintf("%s at %s", [entry.source.path, lib.origin(entry)]),
		"msg": sprintf("the line %q of %s takes in accounts of NIS", [entry.name, entry.source.path]),
		"actual": sprintf("%s in %s", [entry.name, entry.source.path]),
		"expected": "no lines for NIS",
		"evidence": [entry.source],
	}
}
