# METADATA
# title: Audit logs are kept, and a full disk is acted on
# description: >-
#   Logs that rotate lose the oldest first, which is what an attacker fills them for. auditd.conf says how large a file grows, keeps all of
#   them, and has the guest warn when space gets short and stop when there is none. A setting that nobody wrote is left to the version.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/auditd.conf.5.html
# custom:
#   id: audit-retention
#   severity: medium
#   facts: [auditd, packages]
#   levels: [cis-l2]
#   controls:
#     ref: [GL-AUD-002]
#     ssg:
#       - auditd_data_retention_max_log_file
#       - auditd_data_retention_max_log_file_action
#       - auditd_data_disk_full_action
#       - auditd_data_disk_error_action
#       - auditd_data_retention_space_left_action
#     cis_debian12: ["6.2.2.1", "6.2.2.2", "6.2.2.3", "6.2.2.4"]
#     cis_ubuntu2204: ["6.3.2.1", "6.3.2.2", "6.3.2.3", "6.3.2.4"]
#     cis_rhel9: ["6.3.2.1", "6.3.2.2", "6.3.2.3", "6.3.2.4"]
#     stig_ubuntu2204: [UBTU-22-653030, UBTU-22-653040]
#     stig_ubuntu2404: [UBTU-24-900960]
#     stig_rhel9: [RHEL-09-653040]
#     nist_800_53: [AU-11, "AU-5(1)", "AU-5(2)", "AU-5(4)", "AU-5(b)", "CM-6(a)"]
#     pci_dss_4: ["10.5.1"]
#   params:
#     max_log_file: {type: number, default: 8, doc: megabytes that a log grows to at least}
#     max_log_file_action: {type: array, default: [keep_logs], doc: what may be done with a full log}
#     space_left_action: {type: array, default: [email, exec, single, halt], doc: what may be done when space gets short}
#     admin_space_left_action: {type: array, default: [single, halt], doc: what may be done when it is nearly used up}
#     disk_full_action: {type: array, default: [single, halt], doc: what may be done when there is none}
#     disk_error_action: {type: array, default: [syslog, single, halt], doc: what may be done when the disk fails}
#   remediation: >-
#     Set max_log_file_action = keep_logs, space_left_action = email, admin_space_left_action = single, disk_full_action = halt and
#     disk_error_action = halt in /etc/audit/auditd.conf.
package guestctl.audit.retention

import data.guestctl.lib
import data.guestctl.lib.audit
import data.guestctl.params

applicable if audit.installed(input.packages)

skip_reason := "auditd is not installed"

own := params["audit-retention"]

actions := ["max_log_file_action", "space_left_action", "admin_space_left_action", "disk_full_action", "disk_error_action"]

deny contains finding(key, concat(" or ", own[key])) if {
	some key in actions
	not accepted(key)
}

deny contains finding("max_log_file", sprintf("at least %d", [own.max_log_file])) if not large

accepted(key) if lower(input.auditd[key].value) in own[key]

large if lib.number(input.auditd.max_log_file.value) >= own.max_log_file

finding(key, wanted) := {
	"msg": sprintf("%s is %s, want %s (%s)", [key, v.value, wanted, lib.origin(v)]),
	"actual": sprintf("%s %s", [key, v.value]),
	"expected": sprintf("%s %s", [key, wanted]),
	"evidence": lib.evidence(v),
	"key": key,
} if {
	v := input.auditd[key]
} else := {
	"msg": sprintf("%s is not set, want %s", [key, wanted]),
	"actual": sprintf("%s is not set", [key]),
	"expected": sprintf("%s %s", [key, wanted]),
	"evidence": [{"path": "/etc/audit/auditd.conf"}],
	"key": key,
}
