# METADATA
# title: SSH asks PAM about accounts and sessions
# description: >-
#   Without PAM the server heeds neither the lock-out after failed attempts, nor the ageing of passwords, nor the
#   limits of sessions. A server without the setting was built without PAM, and is not judged.
# related_resources:
#   - https://man.openbsd.org/sshd_config#UsePAM
# custom:
#   id: ssh-use-pam
#   severity: medium
#   facts: [sshd.effective.usepam, sshd.match]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SSH-010]
#     ssg: [sshd_enable_pam]
#     cis_debian12: ["5.1.22"]
#     cis_ubuntu2204: ["5.1.22"]
#     cis_rhel9: ["5.1.22"]
#     stig_ubuntu2204: [UBTU-22-255065]
#     stig_ubuntu2404: [UBTU-24-500050]
#     stig_rhel9: [RHEL-09-255050]
#     pci_dss_4: ["2.2.6"]
#   params:
#     allowed: {type: array, default: ["yes"], doc: values of UsePAM that are accepted}
#   remediation: Write "UsePAM yes" into a file of /etc/ssh/sshd_config.d that sorts first.
package guestctl.ssh.use_pam

import data.guestctl.lib.sshd
import data.guestctl.params

deny contains finding if {
	some finding in sshd.other(input.sshd, "UsePAM", params["ssh-use-pam"].allowed)
}
