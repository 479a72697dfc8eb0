# METADATA
# title: Changes of accounts and groups are audited
# description: >-
#   A new account, or a new member of a group, is how an attacker stays. A rule that boot loads and nothing takes out of force watches each of
#   the files for writing and new attributes: as -w, or as a rule with path and perm for both widths of system calls.
# related_resources:
#   - https://man7.org/linux/man-pages/man8/auditctl.8.html
# custom:
#   id: audit-identity-files
#   severity: medium
#   facts: [audit, packages]
#   levels: [cis-l2, anssi-enhanced]
#   controls:
#     ref: [GL-AUD-003]
#     ssg:
#       - audit_rules_usergroup_modification_passwd
#       - audit_rules_usergroup_modification_group
#       - audit_rules_usergroup_modification_shadow
#       - audit_rules_usergroup_modification_gshadow
#       - audit_rules_usergroup_modification_opasswd
#     cis_debian12: ["6.2.3.8"]
#     cis_ubuntu2204: ["6.3.3.8"]
#     cis_rhel9: ["6.3.3.8"]
#     anssi_bp28: [R73]
#     stig_ubuntu2204: [UBTU-22-654130, UBTU-22-654135, UBTU-22-654140, UBTU-22-654145, UBTU-22-654150]
#     stig_ubuntu2404: [UBTU-24-200280, UBTU-24-200290, UBTU-24-200300, UBTU-24-200310, UBTU-24-200320]
#     stig_rhel9: [RHEL-09-654225, RHEL-09-654230, RHEL-09-654235, RHEL-09-654240, RHEL-09-654245]
#     nist_800_53: ["AC-2(4)", "AC-6(9)", "AU-12(c)", "AU-2(d)", "CM-6(a)"]
#     pci_dss_4: ["10.2.1.5"]
#   params:
#     paths:
#       type: array
#       default: [/etc/passwd, /etc/group, /etc/shadow, /etc/gshadow, /etc/security/opasswd]
#       doc: files that are watched
#     archs: {type: array, default: [b32, b64], doc: widths of system calls}
#   remediation: Write "-w /etc/passwd -p wa -k identity" and the same for the others into a file of /etc/audit/rules.d, and run augenrules.
package guestctl.audit.identity_files

import data.guestctl.lib.audit
import data.guestctl.params

applicable if audit.installed(input.packages)

skip_reason := "auditd is not installed"

own := params["audit-identity-files"]

rules := audit.at_boot(input.audit)

deny contains finding if some finding in audit.off(rules)

deny contains finding if some finding in audit.unwatched(rules, own.paths, own.archs)
