# METADATA
# title: root is the only account with uid 0
# description: >-
#   Whoever has uid 0 is root, whatever the account is called: another name for it is a second way in that few people look at.
#   Every line of passwd counts, also one that repeats a name.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/passwd.5.html
# custom:
#   id: users-only-root-has-uid-zero
#   severity: high
#   facts: [users]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-USR-001]
#     ssg: [accounts_no_uid_except_zero]
#     cis_debian12: ["5.4.2.1"]
#     cis_ubuntu2204: ["5.4.2.1"]
#     cis_rhel9: ["5.4.2.1"]
#     stig_rhel9: [RHEL-09-411100]
#     nist_800_53: ["AC-6(5)", IA-2, "IA-4(b)"]
#     pci_dss_4: ["8.2.1"]
#   params:
#     allowed: {type: array, default: [root], doc: names of accounts that may have uid 0}
#   remediation: Remove the account, or give it a uid of its own with "usermod -u".
package guestctl.users.only_root_has_uid_zero

import data.guestctl.params

deny contains finding if {
	some user in input.users
	user.uid == 0
	not user.name in params["users-only-root-has-uid-zero"].allowed
	finding := {
		"key": user.name,
		"msg": sprintf("%s has uid 0, as root has", [user.name]),
		"actual": sprintf("%s has uid 0", [user.name]),
		"expected": "no account but root with uid 0",
		"evidence": [user.source],
	}
}
