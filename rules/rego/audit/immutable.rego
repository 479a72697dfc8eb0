# METADATA
# title: Audit rules cannot be changed until the next boot
# description: >-
#   With "-e 2" as the last line the kernel takes no other rules, whoever asks. And audit.rules is what augenrules would make of rules.d
#   now: a rule that stands in one of them only is not what somebody believes to be in force.
# related_resources:
#   - https://man7.org/linux/man-pages/man8/augenrules.8.html
# custom:
#   id: audit-immutable
#   severity: medium
#   facts: [audit, packages]
#   levels: [cis-l2, anssi-enhanced]
#   controls:
#     ref: [GL-AUD-008]
#     ssg: [audit_rules_immutable]
#     cis_debian12: ["6.2.3.20"]
#     cis_ubuntu2204: ["6.3.3.20"]
#     cis_rhel9: ["6.3.3.20"]
#     anssi_bp28: [R73]
#     stig_ubuntu2404: [UBTU-24-909000]
#     stig_rhel9: [RHEL-09-654275]
#     nist_800_53: ["AC-6(9)", "CM-6(a)"]
#     pci_dss_4: ["10.3.2"]
#   remediation: Write "-e 2" into /etc/audit/rules.d/99-finalize.rules, and run augenrules --load.
package guestctl.audit.immutable

import data.guestctl.lib.audit

applicable if audit.installed(input.packages)

skip_reason := "auditd is not installed"

deny contains finding if {
	not input.audit.immutable_last
	finding := {
		"msg": "the rules that boot loads do not end with -e 2",
		"actual": "no -e 2 at the end",
		"expected": "-e 2",
		"evidence": [{"path": path} | some path in input.audit.files],
		"key": "-e 2",
	}
}

deny contains finding if {
	input.audit.drift
	finding := {
		"msg": sprintf("audit.rules is not what rules.d makes now: %s", [concat(", and ", array.concat(lacks, array.concat(more, order)))]),
		"actual": "audit.rules and rules.d differ",
		"expected": "audit.rules made of rules.d",
		"evidence": [{"path": "/etc/audit/audit.rules"}],
		"key": "drift",
	}
}

lacks := [sprintf("it lacks %s", [some_of(input.audit.missing)]) | count(input.audit.missing) > 0]

more := [sprintf("it has besides %s", [some_of(input.audit.extra)]) | count(input.audit.extra) > 0]

order := ["the order is another" | count(input.audit.missing) + count(input.audit.extra) == 0]

some_of(lines) := sprintf("%q", [lines[0]]) if count(lines) == 1

some_of(lines) := sprintf("%q and %d more", [lines[0], count(lines) - 1]) if count(lines) > 1
