# METADATA
# title: Every file has an owner and a group
# description: >-
#   What is left of a removed account belongs to the next one that gets its number. All file systems of the guest are walked and held
#   against passwd and group; accounts of a network service are not known here.
# related_resources:
#   - https://man7.org/linux/man-pages/man1/find.1.html
# custom:
#   id: files-unowned
#   severity: medium
#   facts: [scan]
#   levels: [cis-l1, anssi-minimal]
#   controls:
#     ref: [GL-FIL-005]
#     ssg: [no_files_unowned_by_user, file_permissions_ungroupowned]
#     cis_debian12: ["7.1.12"]
#     cis_ubuntu2204: ["7.1.12"]
#     cis_rhel9: ["7.1.12"]
#     anssi_bp28: [R53]
#     stig_rhel9: [RHEL-09-232250, RHEL-09-232255]
#     nist_800_53: ["AC-6(1)", "CM-6(a)"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     except: {type: array, default: [], doc: "patterns of paths that are left out, such as /srv/nfs/**"}
#   remediation: chown the files to an account and a group that exist, or remove them.
package guestctl.files.unowned

import data.guestctl.lib.files
import data.guestctl.params

except := params["files-unowned"].except

unknown contains reason if {
	count(deny) == 0
	some reason in files.cut(input.scan, ["unowned", "ungrouped"])
}

deny contains finding(entry, sprintf("uid %d, which no account has", [entry.uid])) if some entry in input.scan.unowned

deny contains finding(entry, sprintf("gid %d, which no group has", [entry.gid])) if some entry in input.scan.ungrouped

finding(entry, what) := {
	"msg": sprintf("%s has %s", [entry.path, what]),
	"actual": sprintf("%s has %s", [entry.path, what]),
	"expected": "an owner and a group that exist",
	"evidence": [{"path": entry.path}],
	"key": entry.path,
} if {
	not files.excepted(entry.path, except)
}
