# METADATA
# title: A logging service is started
# description: >-
#   What nobody writes down can neither be noticed nor explained later. Boot starts rsyslog, syslog-ng or systemd's journal, or the syslogd
#   of another init system.
# related_resources:
#   - https://www.freedesktop.org/software/systemd/man/latest/systemd-journald.service.html
# custom:
#   id: logs-service-enabled
#   severity: medium
#   facts: [units]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-LOG-001]
#     ssg: [package_rsyslog_installed, service_rsyslog_enabled, logging_services_active]
#     cis_debian12: ["6.1.1.4", "6.1.3.1", "6.1.3.2"]
#     stig_ubuntu2204: [UBTU-22-652010]
#     stig_ubuntu2404: [UBTU-24-100200]
#     stig_rhel9: [RHEL-09-652010, RHEL-09-652020]
#     nist_800_53: ["AU-4(1)", "CM-6(a)"]
#   params:
#     units:
#       type: array
#       default: [rsyslog.service, syslog-ng.service, systemd-journald.service, rsyslog, syslog-ng, syslog, sysklogd, metalog]
#       doc: units that keep the log
#   remediation: systemctl unmask systemd-journald, or apt install rsyslog and systemctl enable rsyslog.
package guestctl.logs.service_enabled

import data.guestctl.params

deny contains finding if {
	names := params["logs-service-enabled"].units
	started := [name | some name in names; input.units[name].starts == "boot"]
	count(started) == 0
	there := [input.units[name] | some name in names]
	finding := {
		"msg": "boot starts no logging service",
		"actual": "no logging service",
		"expected": "rsyslog or systemd-journald",
		"evidence": [unit.source | some unit in there],
		"key": "units",
	}
}
