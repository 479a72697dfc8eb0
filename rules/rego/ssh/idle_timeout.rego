# METADATA
# title: SSH ends sessions whose client does not answer
# description: >-
#   The server asks a silent client for a sign of life and hangs up after some questions without an answer, so that no
#   session stays behind for somebody else. Both settings are judged, for every connection and in every Match block; 0
#   turns either off.
# related_resources:
#   - https://man.openbsd.org/sshd_config#ClientAliveInterval
#   - https://man.openbsd.org/sshd_config#ClientAliveCountMax
# custom:
#   id: ssh-idle-timeout
#   severity: medium
#   facts: [sshd.effective.clientaliveinterval, sshd.effective.clientalivecountmax, sshd.match]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SSH-008]
#     ssg: [sshd_set_idle_timeout, sshd_set_keepalive]
#     cis_debian12: ["5.1.7"]
#     cis_ubuntu2204: ["5.1.7"]
#     cis_rhel9: ["5.1.9"]
#     stig_ubuntu2204: [UBTU-22-255030, UBTU-22-255035]
#     stig_ubuntu2404: [UBTU-24-600000, UBTU-24-600010]
#     stig_rhel9: [RHEL-09-255095, RHEL-09-255100]
#     nist_800_53: [AC-12, "AC-17(a)", "AC-2(5)", "CM-6(a)", SC-10]
#     pci_dss_4: ["8.2.8"]
#   params:
#     interval: {type: number, default: 300, doc: seconds of silence before the server asks}
#     count: {type: number, default: 3, doc: questions without an answer before it hangs up}
#   remediation: >-
#     Write "ClientAliveInterval 300" and "ClientAliveCountMax 3" into a file of /etc/ssh/sshd_config.d that sorts
#     first.
package guestctl.ssh.idle_timeout

import data.guestctl.lib.sshd
import data.guestctl.params

most := {"ClientAliveInterval": params["ssh-idle-timeout"].interval, "ClientAliveCountMax": params["ssh-idle-timeout"].count}

deny contains finding if {
	some keyword, limit in most
	some finding in sshd.outside(input.sshd, keyword, 1, limit)
}
