# METADATA
# title: SSH passes over the .rhosts and .shosts of its users
# description: >-
#   These files let users say which hosts may log in as them, without a password. The value shosts-only heeds one of
#   them and is refused too.
# related_resources:
#   - https://man.openbsd.org/sshd_config#IgnoreRhosts
# custom:
#   id: ssh-ignore-rhosts
#   severity: medium
#   facts: [sshd.effective.ignorerhosts, sshd.match]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SSH-005]
#     ssg: [sshd_disable_rhosts]
#     cis_debian12: ["5.1.11"]
#     cis_ubuntu2204: ["5.1.11"]
#     cis_rhel9: ["5.1.13"]
#     stig_rhel9: [RHEL-09-255145]
#     nist_800_53: ["AC-17(a)", "CM-6(a)", "CM-7(a)", "CM-7(b)"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     allowed: {type: array, default: ["yes"], doc: values of IgnoreRhosts that are accepted}
#   remediation: Write "IgnoreRhosts yes" into a file of /etc/ssh/sshd_config.d that sorts first.
package guestctl.ssh.ignore_rhosts

import data.guestctl.lib.sshd
import data.guestctl.params

deny contains finding if {
	some finding in sshd.other(input.sshd, "IgnoreRhosts", params["ssh-ignore-rhosts"].allowed)
}
