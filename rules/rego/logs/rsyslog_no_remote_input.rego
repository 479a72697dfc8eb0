# METADATA
# title: Rsyslog takes no logs from the network
# description: >-
#   Whoever can send logs can fill the disk, or put lines between those of the guest. Only a host that collects logs has an input for TCP, UDP
#   or RELP; an input whose module is not loaded does not listen.
# related_resources:
#   - https://www.rsyslog.com/doc/configuration/modules/imtcp.html
# custom:
#   id: logs-rsyslog-no-remote-input
#   severity: medium
#   facts: [rsyslog]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-LOG-004]
#     ssg: [rsyslog_nolisten]
#     cis_debian12: ["6.1.3.7"]
#     stig_rhel9: [RHEL-09-652025]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)"]
#   remediation: Remove the inputs and $…ServerRun lines from /etc/rsyslog.conf and /etc/rsyslog.d.
package guestctl.logs.rsyslog_no_remote_input

import data.guestctl.lib

deny contains finding if {
	some listener in input.rsyslog.listeners
	listener.loaded
	finding := {
		"msg": sprintf("%s listens on port %s (%s)", [listener.module, listener.port, lib.origin(listener)]),
		"actual": sprintf("%s port %s", [listener.module, listener.port]),
		"expected": "no input from the network",
		"evidence": [listener.source],
		"key": sprintf("%s %s", [listener.module, listener.port]),
	}
}
