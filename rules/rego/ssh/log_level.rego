# METADATA
# title: SSH logs who logs in and who fails to
# description: >-
#   Below INFO the fingerprints of keys and failed attempts are missing from the log; the levels of debugging write
#   what users would keep private. The setting is judged for every connection and in every Match block.
# related_resources:
#   - https://man.openbsd.org/sshd_config#LogLevel
# custom:
#   id: ssh-log-level
#   severity: low
#   facts: [sshd.effective.loglevel, sshd.match]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SSH-009]
#     ssg: [sshd_set_loglevel_info]
#     cis_debian12: ["5.1.14"]
#     cis_ubuntu2204: ["5.1.14"]
#     nist_800_53: ["AC-17(a)", "CM-6(a)"]
#   params:
#     allowed: {type: array, default: ["INFO", "VERBOSE"], doc: values of LogLevel that are accepted}
#   remediation: Write "LogLevel VERBOSE" into a file of /etc/ssh/sshd_config.d that sorts first.
package guestctl.ssh.log_level

import data.guestctl.lib.sshd
import data.guestctl.params

deny contains finding if {
	some finding in sshd.other(input.sshd, "LogLevel", params["ssh-log-level"].allowed)
}
