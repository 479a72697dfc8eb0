# METADATA
# title: SSH allows few attempts on a connection
# description: >-
#   Somebody who guesses passwords has to connect again after these attempts, which is slower and shows in the log.
#   The setting is judged for every connection and in every Match block.
# related_resources:
#   - https://man.openbsd.org/sshd_config#MaxAuthTries
# custom:
#   id: ssh-max-auth-tries
#   severity: medium
#   facts: [sshd.effective.maxauthtries, sshd.match]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SSH-006]
#     ssg: [sshd_set_max_auth_tries]
#     cis_debian12: ["5.1.16"]
#     cis_ubuntu2204: ["5.1.16"]
#     cis_rhel9: ["5.1.16"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     most: {type: number, default: 4, doc: attempts that one connection may make}
#   remediation: Write "MaxAuthTries 4" into a file of /etc/ssh/sshd_config.d that sorts first.
package guestctl.ssh.max_auth_tries

import data.guestctl.lib.sshd
import data.guestctl.params

deny contains finding if {
	some finding in sshd.outside(input.sshd, "MaxAuthTries", 1, params["ssh-max-auth-tries"].most)
}
