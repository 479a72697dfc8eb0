# METADATA
# title: SSH offers no weak key exchange
# description: >-
#   A Diffie-Hellman group of 1024 bits can be computed ahead, and SHA-1 no longer binds the exchange to what was
#   agreed. What is judged is the list that the server would offer.
# related_resources:
#   - https://man.openbsd.org/sshd_config#KexAlgorithms
# custom:
#   id: ssh-kex-algorithms
#   severity: high
#   facts: [sshd.effective.kexalgorithms.value, sshd.match]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SSH-013]
#     ssg: [sshd_use_strong_kex]
#     cis_debian12: ["5.1.12"]
#     cis_ubuntu2204: ["5.1.12"]
#     pci_dss_4: ["2.2.7"]
#   params:
#     weak: {type: array, default: [group1-, "sha1(-|@|$)"], doc: expressions that match the exchanges that are refused}
#   remediation: Write "KexAlgorithms -*-sha1" into a file of /etc/ssh/sshd_config.d that sorts first.
package guestctl.ssh.kex_algorithms

import data.guestctl.lib.sshd
import data.guestctl.params

deny contains finding if {
	some finding in sshd.weak(input.sshd, "KexAlgorithms", params["ssh-kex-algorithms"].weak)
}
