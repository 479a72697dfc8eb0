# METADATA
# title: Only root may change the files of accounts and groups
# description: >-
#   Who can write /etc/passwd or /etc/group can become root. They and their copies with a - belong to root, and nobody else may write
#   them. Links are followed; an access list counts as too much.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/passwd.5.html
# custom:
#   id: files-passwd-group-permissions
#   severity: high
#   files: [/etc/passwd, /etc/passwd-, /etc/group, /etc/group-]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-FIL-001]
#     ssg:
#       - file_permissions_etc_passwd
#       - file_owner_etc_passwd
#       - file_groupowner_etc_passwd
#       - file_permissions_etc_group
#       - file_owner_etc_group
#       - file_groupowner_etc_group
#     cis_debian12: ["7.1.1", "7.1.3"]
#     cis_ubuntu2204: ["7.1.1", "7.1.3"]
#     cis_rhel9: ["7.1.1", "7.1.3"]
#     anssi_bp28: [R50]
#     stig_rhel9: [RHEL-09-232055, RHEL-09-232075, RHEL-09-232090, RHEL-09-232095, RHEL-09-232130, RHEL-09-232135]
#     nist_800_53: ["AC-6(1)", "CM-6(a)"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     mode: {type: string, default: "0644", doc: no bit may be set beside these}
#   remediation: chown root:root /etc/passwd* /etc/group* && chmod u-x,go-wx /etc/passwd* /etc/group*
package guestctl.files.passwd_group_permissions

import data.guestctl.lib.files
import data.guestctl.params

deny contains finding if {
	some finding in files.wrong(input.files, {"mode": params["files-passwd-group-permissions"].mode, "owner": ["root"], "group": ["root"]})
}

deny contains finding if some finding in files.lacking(input.files, ["/etc/passwd", "/etc/group"])
