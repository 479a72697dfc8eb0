# METADATA
# title: No account has an empty password
# description: >-
#   An account with nothing in its password field is open to everybody who reaches a prompt, if PAM accepts that, and one day it
#   will. Both shadow and the field of passwd itself are looked at.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/shadow.5.html
# custom:
#   id: users-no-empty-passwords
#   severity: high
#   facts: [users]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-USR-002]
#     ssg: [no_empty_passwords_etc_shadow]
#     cis_debian12: ["7.2.2"]
#     cis_ubuntu2204: ["7.2.2"]
#     cis_rhel9: ["7.2.2"]
#     stig_ubuntu2204: [UBTU-22-611065]
#     stig_ubuntu2404: [UBTU-24-300027]
#     stig_rhel9: [RHEL-09-611155]
#     nist_800_53: ["CM-6(b)", "CM-6.1(iv)"]
#     pci_dss_4: ["2.2.2"]
#   remediation: Lock the account with "passwd -l", or set a password.
package guestctl.users.no_empty_passwords

deny contains finding if {
	some user in input.users
	some [where, source] in empty_fields(user)
	finding := {
		"key": sprintf("%s %s", [user.name, where]),
		"msg": sprintf("%s has an empty password in %s", [user.name, where]),
		"actual": sprintf("%s: empty", [user.name]),
		"expected": "a password, or a locked one",
		"evidence": [source],
	}
}

empty_fields(user) := array.concat(
	[["/etc/passwd", user.source] | user.password_in_passwd == "empty"],
	[["/etc/shadow", user.shadow.source] | user.shadow.state == "empty"],
)
