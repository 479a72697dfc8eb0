# METADATA
# title: Sudo writes a log file of its own
# description: >-
#   A log of nothing but sudo is quickly searched, and is there when syslog is not. The last "Defaults logfile" for everybody counts, and
#   no Defaults for some users, hosts or commands turns it off.
# related_resources:
#   - https://www.sudo.ws/docs/man/sudoers.man/#logfile
# custom:
#   id: sudo-logfile
#   severity: low
#   facts: [sudoers]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SUD-002]
#     ssg: [sudo_custom_logfile]
#     cis_debian12: ["5.2.3"]
#     cis_ubuntu2204: ["5.2.3"]
#     cis_rhel9: ["5.2.3"]
#     pci_dss_4: ["2.2.6"]
#   remediation: Write "Defaults logfile=/var/log/sudo.log" with visudo.
package guestctl.sudo.logfile

import data.guestctl.lib.sudo

defaults := input.sudoers.defaults

deny contains {"msg": "nothing sets logfile", "actual": "no logfile", "expected": "logfile", "evidence": [], "key": "logfile"} if {
	not defaults.logfile
}

deny contains sudo.off("logfile", defaults.logfile) if defaults.logfile.value in {"false", ""}

deny contains sudo.scoped(line, "keep logfile on") if {
	some line in sudo.some_only(input.sudoers, "logfile")
	line.value == "false"
}
