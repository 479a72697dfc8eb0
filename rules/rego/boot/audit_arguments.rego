# METADATA
# title: The kernel audits from its first process on
# description: >-
#   What starts before auditd is only audited when the kernel is told so: every ordinary entry of the boot menu has audit=1, and an
#   audit_backlog_limit that holds what happens until auditd takes it. The last argument of a name counts.
# related_resources:
#   - https://docs.kernel.org/admin-guide/kernel-parameters.html
# custom:
#   id: boot-audit-arguments
#   severity: medium
#   facts: [boot]
#   levels: [cis-l2]
#   controls:
#     ref: [GL-BOO-003]
#     ssg: [grub2_audit_argument, grub2_audit_backlog_limit_argument]
#     cis_debian12: ["6.2.1.3", "6.2.1.4"]
#     cis_ubuntu2204: ["6.3.1.3", "6.3.1.4"]
#     cis_rhel9: ["6.3.1.2", "6.3.1.3"]
#     stig_ubuntu2204: [UBTU-22-212015]
#     stig_ubuntu2404: [UBTU-24-102010]
#     stig_rhel9: [RHEL-09-212055, RHEL-09-653120]
#     nist_800_53: ["AC-17(1)", AU-10, "AU-14(1)", "CM-6(a)", "IR-5(1)"]
#     pci_dss_4: ["10.7.2"]
#   params:
#     backlog: {type: number, default: 8192, doc: the least audit_backlog_limit}
#   remediation: Add "audit=1 audit_backlog_limit=8192" to GRUB_CMDLINE_LINUX in /etc/default/grub, and run update-grub.
package guestctl.boot.audit_arguments

import data.guestctl.lib
import data.guestctl.lib.boot
import data.guestctl.params

backlog := params["boot-audit-arguments"].backlog

applicable if input.boot.loader != "none"

skip_reason := "the guest has no boot loader"

entries := [entry | some entry in input.boot.entries; entry.kind == "normal"]

unknown contains "the boot menu has no entry that could be read" if count(entries) == 0

deny contains boot.finding(entry, "audit", "audit=1") if {
	some entry in entries
	not audited(entry)
}

deny contains boot.finding(entry, "audit_backlog_limit", sprintf("audit_backlog_limit=%d or more", [backlog])) if {
	some entry in entries
	not enough(entry)
}

audited(entry) if boot.argument(entry, "audit") in {"1", "on"}

enough(entry) if lib.number(boot.argument(entry, "audit_backlog_limit")) >= backlog
