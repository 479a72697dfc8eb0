# METADATA
# title: SSH offers no weak message authentication code
# description: >-
#   MD5, SHA-1, tags of 64 bits and tags cut to 96 bits are too short or too old to tell a changed packet. Servers
#   offer some of them by default. What is judged is the list that the server would offer.
# related_resources:
#   - https://man.openbsd.org/sshd_config#MACs
# custom:
#   id: ssh-macs
#   severity: high
#   facts: [sshd.effective.macs.value, sshd.match]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SSH-012]
#     ssg: [sshd_use_strong_macs]
#     cis_debian12: ["5.1.15"]
#     cis_ubuntu2204: ["5.1.15"]
#     nist_800_53: ["AC-17 (2)"]
#   params:
#     weak: {type: array, default: [md5, "sha1(-|$)", ripemd, umac-64, "-96(-|@|$)"], doc: expressions that match the codes that are refused}
#   remediation: Write "MACs -*md5*,*sha1*,umac-64*,*-96*" into a file of /etc/ssh/sshd_config.d that sorts first.
package guestctl.ssh.macs

import data.guestctl.lib.sshd
import data.guestctl.params

deny contains finding if {
	some finding in sshd.weak(input.sshd, "MACs", params["ssh-macs"].weak)
}
