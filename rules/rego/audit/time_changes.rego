# METADATA
# title: Changes of the time are audited
# description: >-
#   Who sets the clock back hides when something happened. Rules that boot loads tell of every call that sets the time, for both widths of
#   system calls, and watch /etc/localtime. Of clock_settime a rule for the clock of the wall is enough (a0=0).
# related_resources:
#   - https://man7.org/linux/man-pages/man8/auditctl.8.html
# custom:
#   id: audit-time-changes
#   severity: medium
#   facts: [audit, packages]
#   levels: [cis-l2, anssi-enhanced]
#   controls:
#     ref: [GL-AUD-005]
#     ssg: [audit_rules_time_adjtimex, audit_rules_time_settimeofday, audit_rules_time_clock_settime, audit_rules_time_watch_localtime]
#     cis_debian12: ["6.2.3.4"]
#     cis_ubuntu2204: ["6.3.3.4"]
#     cis_rhel9: ["6.3.3.4"]
#     anssi_bp28: [R73]
#     nist_800_53: ["AC-6(9)", "AU-12(c)", "AU-2(d)", "CM-6(a)"]
#     pci_dss_4: ["10.6.3"]
#   params:
#     calls: {type: array, default: [adjtimex, settimeofday, clock_settime], doc: system calls that set the time}
#     paths: {type: array, default: [/etc/localtime], doc: files that are watched}
#     archs: {type: array, default: [b32, b64], doc: widths of system calls}
#   remediation: >-
#     Write "-a always,exit -F arch=b64 -S adjtimex,settimeofday,clock_settime -k time-change", the same for arch=b32, and "-w /etc/localtime
#     -p wa -k time-change" into a file of /etc/audit/rules.d.
package guestctl.audit.time_changes

import data.guestctl.lib.audit
import data.guestctl.params

applicable if audit.installed(input.packages)

skip_reason := "auditd is not installed"

own := params["audit-time-changes"]

rules := audit.at_boot(input.audit)

deny contains finding if some finding in audit.off(rules)

deny contains finding if some finding in audit.unwatched(rules, own.paths, own.archs)

deny contains finding if {
	some call in own.calls
	missing := [arch | some arch in own.archs; not told(call, arch)]
	count(missing) > 0
	finding := {
		"msg": sprintf("no rule tells of %s for %s", [call, concat(", ", missing)]),
		"actual": sprintf("%s is not audited for %s", [call, concat(", ", missing)]),
		"expected": sprintf("-a always,exit -F arch=… -S %s", [call]),
		"evidence": [rule.source | some arch in missing; some rule in audit.calls(rules, call, arch)],
		"key": call,
	}
}

told(call, arch) if {
	some rule in audit.calls(rules, call, arch)
	every field in object.get(rule, "fields", []) {
		wall_clock(call, field)
	}
}

wall_clock("clock_settime", field) if {
	field.key == "a0"
	field.op == "="
	field.value in {"0", "0x0"}
}
