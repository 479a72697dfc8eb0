# METADATA
# title: Sudo is installed and runs commands in a terminal of their own
# description: >-
#   Sudo lets administrators act without sharing root's password, and says who did what. With use_pty a command that stays in the
#   background cannot push input into the terminal of the administrator. It is on by itself from sudo 1.9.14 on; Defaults for some users,
#   hosts or commands may turn it off again, and count.
# related_resources:
#   - https://www.sudo.ws/docs/man/sudoers.man/#use_pty
# custom:
#   id: sudo-use-pty
#   severity: medium
#   facts: [packages, sudoers]
#   may_be_absent: [sudoers]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SUD-001]
#     ssg: [package_sudo_installed, sudo_add_use_pty]
#     cis_debian12: ["5.2.1", "5.2.2"]
#     cis_ubuntu2204: ["5.2.1", "5.2.2"]
#     cis_rhel9: ["5.2.1", "5.2.2"]
#     anssi_bp28: [R33, R39]
#     stig_rhel9: [RHEL-09-432010]
#     nist_800_53: ["CM-6(a)"]
#     pci_dss_4: ["2.2.6"]
#   remediation: apt install sudo, and write "Defaults use_pty" with visudo.
package guestctl.sudo.use_pty

import data.guestctl.lib
import data.guestctl.lib.sudo

installed := lib.present(input.packages, ["sudo", "sudo-ldap"])

defaults := object.get(input, ["sudoers", "defaults"], {})

deny contains {"msg": "sudo is not installed", "actual": "not installed", "expected": "sudo", "evidence": [], "key": "package"} if {
	count(installed) == 0
}

deny contains finding if {
	some found in installed
	not defaults.use_pty
	guest.version_compare(input.packages.manager, found.version, "1.9.14") < 0
	finding := {
		"msg": sprintf("nothing sets use_pty, and %s %s does not by itself", [found.name, found.version]),
		"actual": "use_pty is not set",
		"expected": "use_pty",
		"evidence": [found.source],
		"key": "use_pty",
	}
}

deny contains sudo.off("use_pty", defaults.use_pty) if defaults.use_pty.value == "false"

deny contains sudo.scoped(line, "keep use_pty on") if {
	some line in sudo.some_only(object.get(input, "sudoers", {}), "use_pty")
	line.value == "false"
}
