# METADATA
# title: Sudo asks everybody for a password
# description: >-
#   With the tag NOPASSWD, whoever sits at an open session, or breaks into the account, has the rights of the rule as well. Rules in
#   files that sudo passes over do not count.
# related_resources:
#   - https://www.sudo.ws/docs/man/sudoers.man/#NOPASSWD_and_PASSWD
# custom:
#   id: sudo-no-nopasswd
#   severity: high
#   facts: [sudoers]
#   levels: [cis-l2]
#   controls:
#     ref: [GL-SUD-003]
#     ssg: [sudo_require_authentication, sudo_remove_nopasswd]
#     cis_debian12: ["5.2.4"]
#     cis_ubuntu2204: ["5.2.4"]
#     cis_rhel9: ["5.2.4"]
#     stig_ubuntu2204: [UBTU-22-432011]
#     stig_ubuntu2404: [UBTU-24-300020, UBTU-24-300021]
#     stig_rhel9: [RHEL-09-611085]
#     nist_800_53: ["CM-6(a)", IA-11]
#     pci_dss_4: ["2.2.6"]
#   params:
#     exempt: {type: array, default: [], doc: "users and groups, as sudoers has them (ops, %deploy), that may go without a password"}
#   remediation: Remove NOPASSWD from the rules with visudo, and give the accounts a password.
package guestctl.sudo.no_nopasswd

import data.guestctl.lib
import data.guestctl.params

exempt := params["sudo-no-nopasswd"].exempt

deny contains finding if {
	some rule in input.sudoers.rules
	"NOPASSWD" in rule.tags
	whom := [user | some user in rule.users; not startswith(user, "!"); not user in exempt]
	count(whom) > 0
	finding := {
		"msg": sprintf("%s may run %s without a password (%s)", [concat(", ", whom), concat(", ", rule.commands), lib.origin(rule)]),
		"actual": sprintf("NOPASSWD for %s", [concat(", ", whom)]),
		"expected": "no NOPASSWD",
		"evidence": [rule.source],
		"key": concat(", ", whom),
	}
}
