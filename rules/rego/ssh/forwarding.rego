# METADATA
# title: SSH forwards neither ports nor agents nor X11
# description: >-
#   A forwarded port is a way through the firewall for whoever has an account. The one setting turns all forwarding
#   off, whatever the others say; a Match block that turns it on again counts. Servers before OpenSSH 10.0 that have
#   no fix of CVE-2025-32728 still forward agents and X11.
# related_resources:
#   - https://man.openbsd.org/sshd_config#DisableForwarding
# custom:
#   id: ssh-forwarding
#   severity: medium
#   facts: [sshd.effective.disableforwarding, sshd.match]
#   levels: [cis-l2]
#   controls:
#     ref: [GL-SSH-016]
#     ssg: [sshd_disable_forwarding]
#     cis_debian12: ["5.1.8"]
#     cis_ubuntu2204: ["5.1.8"]
#     cis_rhel9: ["5.1.10"]
#   params:
#     allowed: {type: array, default: ["yes"], doc: values of DisableForwarding that are accepted}
#   remediation: Write "DisableForwarding yes" into a file of /etc/ssh/sshd_config.d that sorts first.
package guestctl.ssh.forwarding

import data.guestctl.lib.sshd
import data.guestctl.params

deny contains finding if {
	some finding in sshd.other(input.sshd, "DisableForwarding", params["ssh-forwarding"].allowed)
}
