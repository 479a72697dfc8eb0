# METADATA
# title: Only root may change /etc/shells and read old passwords
# description: >-
#   /etc/shells says which shells let people in, and opasswd holds the hashes of old passwords, which may be in use elsewhere. Both belong
#   to root; opasswd may be read by nobody else. A guest without them has nothing to judge.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/shells.5.html
# custom:
#   id: files-shells-opasswd-permissions
#   severity: low
#   files: [/etc/shells, /etc/security/opasswd, /etc/security/opasswd.old]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-FIL-003]
#     ssg: [file_permissions_etc_shells, file_permissions_etc_security_opasswd]
#     cis_debian12: ["7.1.10", "7.1.9"]
#     cis_ubuntu2204: ["7.1.10", "7.1.9"]
#     cis_rhel9: ["7.1.9"]
#     anssi_bp28: [R50]
#     nist_800_53: [AC-3, MP-2]
#   remediation: chown root:root /etc/shells /etc/security/opasswd* && chmod 0644 /etc/shells && chmod 0600 /etc/security/opasswd*
package guestctl.files.shells_opasswd_permissions

import data.guestctl.lib.files

shells := "/etc/shells"

applicable if {
	some file in input.files
	file.exists
}

skip_reason := "the guest has neither /etc/shells nor opasswd"

deny contains finding if {
	some finding in files.wrong({shells: input.files[shells]}, {"mode": "0644", "owner": ["root"], "group": ["root"]})
}

deny contains finding if {
	some finding in files.wrong(object.remove(input.files, [shells]), {"mode": "0600", "owner": ["root"], "group": ["root"]})
}
