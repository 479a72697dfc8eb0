# METADATA
# title: Only root may read and change what belongs to auditing
# description: >-
#   Who can change the logs, the rules or the programs of the audit system can do what he likes unseen. Logs belong to root and to the group
#   that auditd.conf names, which may read them; rules and settings to root alone; the programs may be run by all and changed by root.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/auditd.conf.5.html
# custom:
#   id: audit-permissions
#   severity: medium
#   facts: [auditd, packages]
#   files: [/var/log/audit, /sbin/auditctl, /sbin/auditd, /sbin/augenrules, /sbin/aureport, /sbin/ausearch, /sbin/autrace]
#   globs: [/etc/audit/*, /etc/audit/rules.d/*, /var/log/audit/*]
#   levels: [cis-l2]
#   controls:
#     ref: [GL-AUD-009]
#     ssg:
#       - file_permissions_var_log_audit
#       - directory_permissions_var_log_audit
#       - file_permissions_etc_audit_auditd
#       - file_permissions_etc_audit_rulesd
#       - file_permissions_audit_binaries
#     cis_debian12: ["6.2.4.1", "6.2.4.4", "6.2.4.5", "6.2.4.8"]
#     cis_ubuntu2204: ["6.3.4.1", "6.3.4.4", "6.3.4.5", "6.3.4.8"]
#     cis_rhel9: ["6.3.4.1", "6.3.4.2", "6.3.4.8"]
#     stig_ubuntu2204: [UBTU-22-232035, UBTU-22-653060, UBTU-22-653065]
#     stig_ubuntu2404: [UBTU-24-900040, UBTU-24-901230, UBTU-24-901380]
#     stig_rhel9: [RHEL-09-653090]
#     nist_800_53: ["AC-6(1)", "AU-12(b)", AU-9, "AU-9(4)", "CM-6(a)"]
#     pci_dss_4: ["10.3.1"]
#   params:
#     log: {type: string, default: "0640", doc: no bit of a log may be set beside these}
#     directory: {type: string, default: "0750", doc: no bit of /var/log/audit may be set beside these}
#     configuration: {type: string, default: "0640", doc: no bit of a rule or setting may be set beside these}
#     program: {type: string, default: "0755", doc: no bit of a program may be set beside these}
#   remediation: chown -R root:root /etc/audit && chmod -R u-x,g-wx,o-rwx,ugo+X /etc/audit; chmod 0750 /var/log/audit && chmod 0640 /var/log/audit/*
package guestctl.audit.permissions

import data.guestctl.lib.audit
import data.guestctl.lib.files
import data.guestctl.params

applicable if audit.installed(input.packages)

skip_reason := "auditd is not installed"

own := params["audit-permissions"]

logs := "/var/log/audit"

file := object.get(input.auditd, ["log_file", "value"], "/var/log/audit/audit.log")

unknown contains sprintf("the mode of %s, where auditd writes, is not known", [file]) if {
	count(deny) == 0
	not startswith(file, "/var/log/audit/")
}

readers := ["root", object.get(input.auditd, ["log_group", "value"], "root")]

of_type(pattern, type) := [entry |
	some entry in input.globs[pattern].files
	entry.type == type
]

deny contains finding if {
	some finding in guest.offenders(of_type("/var/log/audit/*", "file"), {"mode": own.log, "owner": ["root"], "group": readers})
}

deny contains finding if {
	some finding in files.wrong({logs: input.files[logs]}, {"mode": own.directory, "owner": ["root"], "group": readers})
}

deny contains finding if {
	some pattern in ["/etc/audit/*", "/etc/audit/rules.d/*"]
	some finding in guest.offenders(of_type(pattern, "file"), {"mode": own.configuration, "owner": ["root"], "group": ["root"]})
}

deny contains finding if {
	some finding in files.wrong(object.remove(input.files, [logs]), {"mode": own.program, "owner": ["root"], "group": ["root"]})
}
