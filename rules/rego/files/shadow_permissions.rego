# METADATA
# title: Only root and group shadow may read the hashes of passwords
# description: >-
#   Who can read /etc/shadow or /etc/gshadow can guess passwords at leisure. They and their copies with a - belong to root and to the
#   group root or shadow, which may read them, and nobody else may. Links are followed; an access list counts as too much.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/shadow.5.html
# custom:
#   id: files-shadow-permissions
#   severity: high
#   files: [/etc/shadow, /etc/shadow-, /etc/gshadow, /etc/gshadow-]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-FIL-002]
#     ssg:
#       - file_permissions_etc_shadow
#       - file_owner_etc_shadow
#       - file_groupowner_etc_shadow
#       - file_permissions_etc_gshadow
#       - file_owner_etc_gshadow
#       - file_groupowner_etc_gshadow
#     cis_debian12: ["7.1.5", "7.1.7"]
#     cis_ubuntu2204: ["7.1.5", "7.1.7"]
#     cis_rhel9: ["7.1.5", "7.1.7"]
#     anssi_bp28: [R50]
#     stig_rhel9: [RHEL-09-232065, RHEL-09-232110, RHEL-09-232115, RHEL-09-232150, RHEL-09-232155, RHEL-09-232270]
#     nist_800_53: ["AC-6(1)", "CM-6(a)"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     mode: {type: string, default: "0640", doc: no bit may be set beside these}
#     group: {type: array, default: [root, shadow], doc: groups that the files may belong to}
#   remediation: chown root:shadow /etc/shadow* /etc/gshadow* && chmod u-x,g-wx,o-rwx /etc/shadow* /etc/gshadow*
package guestctl.files.shadow_permissions

import data.guestctl.lib.files
import data.guestctl.params

own := params["files-shadow-permissions"]

deny contains finding if {
	some finding in files.wrong(input.files, {"mode": own.mode, "owner": ["root"], "group": own.group})
}

deny contains finding if some finding in files.lacking(input.files, ["/etc/shadow"])
