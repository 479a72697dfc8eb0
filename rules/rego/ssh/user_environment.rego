# METADATA
# title: SSH takes no environment from files of its users
# description: >-
#   Variables such as LD_PRELOAD, in ~/.ssh/environment or before a key, would get an account that is limited to one
#   command past that limit. A pattern that lets some variables through is refused as well.
# related_resources:
#   - https://man.openbsd.org/sshd_config#PermitUserEnvironment
# custom:
#   id: ssh-user-environment
#   severity: medium
#   facts: [sshd.effective.permituserenvironment, sshd.match]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SSH-003]
#     ssg: [sshd_do_not_permit_user_env]
#     cis_debian12: ["5.1.21"]
#     cis_ubuntu2204: ["5.1.21"]
#     cis_rhel9: ["5.1.21"]
#     stig_ubuntu2204: [UBTU-22-255025]
#     stig_ubuntu2404: [UBTU-24-300031]
#     stig_rhel9: [RHEL-09-255085]
#     nist_800_53: ["AC-17(a)", "CM-6(a)", "CM-7(a)", "CM-7(b)"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     allowed: {type: array, default: ["no"], doc: values of PermitUserEnvironment that are accepted}
#   remediation: Write "PermitUserEnvironment no" into a file of /etc/ssh/sshd_config.d that sorts first.
package guestctl.ssh.user_environment

import data.guestctl.lib.sshd
import data.guestctl.params

deny contains finding if {
	some finding in sshd.other(input.sshd, "PermitUserEnvironment", params["ssh-user-environment"].allowed)
}
