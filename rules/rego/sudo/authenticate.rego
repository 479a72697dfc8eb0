# METADATA
# title: No Defaults of sudo turn the password off
# description: >-
#   "Defaults !authenticate" does for every rule what NOPASSWD does for one. Defaults for some users, hosts, target users or commands count
#   as well.
# related_resources:
#   - https://www.sudo.ws/docs/man/sudoers.man/#authenticate
# custom:
#   id: sudo-authenticate
#   severity: high
#   facts: [sudoers]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SUD-004]
#     ssg: [sudo_remove_no_authenticate]
#     cis_debian12: ["5.2.5"]
#     cis_ubuntu2204: ["5.2.5"]
#     cis_rhel9: ["5.2.5"]
#     stig_ubuntu2204: [UBTU-22-432010]
#     stig_rhel9: [RHEL-09-432025]
#     nist_800_53: ["CM-6(a)", IA-11]
#   remediation: Remove "!authenticate" from the Defaults with visudo.
package guestctl.sudo.authenticate

import data.guestctl.lib.sudo

# Sudo asks by itself, where nothing is said.
deny contains sudo.off("authenticate", v) if {
	v := input.sudoers.defaults.authenticate
	v.value != "true"
}

deny contains sudo.scoped(line, "leave authenticate on") if {
	some line in sudo.some_only(input.sudoers, "authenticate")
	line.value != "true"
}
