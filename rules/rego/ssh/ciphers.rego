# METADATA
# title: SSH offers no weak cipher
# description: >-
#   Ciphers in CBC mode, arcfour and triple DES give away parts of what they encrypt. What is judged is what the
#   server would offer: the list that is written, or added to and taken from the list of its version.
# related_resources:
#   - https://man.openbsd.org/sshd_config#Ciphers
# custom:
#   id: ssh-ciphers
#   severity: high
#   facts: [sshd.effective.ciphers.value, sshd.match]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SSH-011]
#     ssg: [sshd_use_strong_ciphers]
#     cis_debian12: ["5.1.6"]
#     cis_ubuntu2204: ["5.1.6"]
#   params:
#     weak: {type: array, default: [3des, "-cbc(@|$)", arcfour, rijndael], doc: expressions that match the ciphers that are refused}
#   remediation: Write "Ciphers -*-cbc,3des*,arcfour*" into a file of /etc/ssh/sshd_config.d that sorts first.
package guestctl.ssh.ciphers

import data.guestctl.lib.sshd
import data.guestctl.params

deny contains finding if {
	some finding in sshd.weak(input.sshd, "Ciphers", params["ssh-ciphers"].weak)
}
