# METADATA
# title: SSH drops connections that do not log in soon
# description: >-
#   Connections that wait for a login take up the few places there are for them, so that others cannot log in. 0 means
#   no limit.
# related_resources:
#   - https://man.openbsd.org/sshd_config#LoginGraceTime
# custom:
#   id: ssh-login-grace-time
#   severity: medium
#   facts: [sshd.effective.logingracetime]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SSH-007]
#     ssg: [sshd_set_login_grace_time]
#     cis_debian12: ["5.1.13"]
#     cis_ubuntu2204: ["5.1.13"]
#     cis_rhel9: ["5.1.14"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     most: {type: number, default: 60, doc: seconds that a login may take}
#   remediation: Write "LoginGraceTime 60" into a file of /etc/ssh/sshd_config.d that sorts first.
package guestctl.ssh.login_grace_time

import data.guestctl.lib.sshd
import data.guestctl.params

deny contains finding if {
	some finding in sshd.outside(input.sshd, "LoginGraceTime", 1, params["ssh-login-grace-time"].most)
}
