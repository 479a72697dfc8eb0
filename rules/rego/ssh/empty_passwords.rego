# METADATA
# title: SSH lets nobody in without a password
# description: >-
#   An account whose password is empty would be open to everybody who reaches the server. The setting is judged for
#   every connection and in every Match block.
# related_resources:
#   - https://man.openbsd.org/sshd_config#PermitEmptyPasswords
# custom:
#   id: ssh-empty-passwords
#   severity: high
#   facts: [sshd.effective.permitemptypasswords, sshd.match]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SSH-002]
#     ssg: [sshd_disable_empty_passwords]
#     cis_debian12: ["5.1.19"]
#     cis_ubuntu2204: ["5.1.19"]
#     cis_rhel9: ["5.1.19"]
#     stig_ubuntu2204: [UBTU-22-255025]
#     stig_ubuntu2404: [UBTU-24-300031]
#     stig_rhel9: [RHEL-09-255040]
#     nist_800_53: ["AC-17(a)", "CM-6(a)", "CM-7(a)", "CM-7(b)"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     allowed: {type: array, default: ["no"], doc: values of PermitEmptyPasswords that are accepted}
#   remediation: Write "PermitEmptyPasswords no" into a file of /etc/ssh/sshd_config.d that sorts first.
package guestctl.ssh.empty_passwords

import data.guestctl.lib.sshd
import data.guestctl.params

deny contains finding if {
	some finding in sshd.other(input.sshd, "PermitEmptyPasswords", params["ssh-empty-passwords"].allowed)
}
