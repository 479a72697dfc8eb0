# METADATA
# title: Who becomes somebody else is audited
# description: >-
#   Rules that boot loads watch what sudo allows for writing and new attributes, and tell of every program that runs with an effective user
#   other than the one who started it (execve with -C uid!=euid), for both widths of system calls.
# related_resources:
#   - https://man7.org/linux/man-pages/man8/auditctl.8.html
# custom:
#   id: audit-privilege-escalation
#   severity: medium
#   facts: [audit, packages]
#   levels: [cis-l2, anssi-enhanced]
#   controls:
#     ref: [GL-AUD-004]
#     ssg: [audit_rules_sysadmin_actions, audit_rules_suid_auid_privilege_function]
#     cis_debian12: ["6.2.3.1", "6.2.3.2"]
#     cis_ubuntu2204: ["6.3.3.1", "6.3.3.2"]
#     cis_rhel9: ["6.3.3.1", "6.3.3.2"]
#     anssi_bp28: [R73]
#     nist_800_53: ["AC-2(7)(b)", "AC-6(9)", "AU-12(c)", "AU-2(d)", "CM-6(a)"]
#     pci_dss_4: ["10.2.1.5"]
#   params:
#     paths: {type: array, default: [/etc/sudoers, /etc/sudoers.d], doc: files that are watched}
#     archs: {type: array, default: [b32, b64], doc: widths of system calls}
#   remediation: >-
#     Write "-w /etc/sudoers -p wa -k scope", "-w /etc/sudoers.d -p wa -k scope", and for arch=b64 and arch=b32 "-a always,exit -F arch=b64 -C
#     euid!=uid -F auid!=unset -S execve -k user_emulation" into a file of /etc/audit/rules.d.
package guestctl.audit.privilege_escalation

import data.guestctl.lib.audit
import data.guestctl.params

applicable if audit.installed(input.packages)

skip_reason := "auditd is not installed"

own := params["audit-privilege-escalation"]

rules := audit.at_boot(input.audit)

deny contains finding if some finding in audit.off(rules)

deny contains finding if some finding in audit.unwatched(rules, own.paths, own.archs)

deny contains finding if {
	some arch in own.archs
	not escalations(arch)
	finding := {
		"msg": sprintf("no rule tells of programs that run as another user for %s", [arch]),
		"actual": sprintf("escalations are not audited for %s", [arch]),
		"expected": sprintf("-a always,exit -F arch=%s -C euid!=uid -S execve", [arch]),
		"evidence": [rule.source | some rule in audit.calls(rules, "execve", arch)],
		"key": sprintf("execve %s", [arch]),
	}
}

escalations(arch) if {
	some rule in audit.calls(rules, "execve", arch)
	some field in rule.fields
	field.compare
	field.op == "!="
	{field.key, field.value} == {"uid", "euid"}
	every other in rule.fields {
		harmless(other)
	}
}

# harmless conditions leave out daemons that nobody logged in for, or those who become another user than root.
harmless(field) if field.compare

harmless(field) if field.key in {"auid", "euid"}
