# METADATA
# title: Nobody can change or remove what belongs to others
# description: >-
#   No file or device may be written by everybody, and a directory that everybody may write has the sticky bit, so that only the owner of a
#   file removes it. All file systems of the guest are walked; links, sockets and pipes are left out, since their use is to be written.
# related_resources:
#   - https://man7.org/linux/man-pages/man7/inode.7.html
# custom:
#   id: files-world-writable
#   severity: medium
#   facts: [scan]
#   levels: [cis-l1, anssi-minimal]
#   controls:
#     ref: [GL-FIL-004]
#     ssg: [file_permissions_unauthorized_world_writable, dir_perms_world_writable_sticky_bits]
#     cis_debian12: ["7.1.11"]
#     cis_ubuntu2204: ["7.1.11"]
#     cis_rhel9: ["7.1.11"]
#     anssi_bp28: [R54]
#     stig_ubuntu2204: [UBTU-22-232145]
#     stig_ubuntu2404: [UBTU-24-600150]
#     stig_rhel9: [RHEL-09-232245]
#     nist_800_53: ["AC-6(1)", "CM-6(a)"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     except: {type: array, default: [], doc: "patterns of paths that are left out, such as /srv/drop/**"}
#   remediation: chmod o-w the files, and chmod +t the directories that must be written by everybody.
package guestctl.files.world_writable

import data.guestctl.lib.files
import data.guestctl.params

except := params["files-world-writable"].except

unknown contains reason if {
	count(deny) == 0
	some reason in files.cut(input.scan, ["world_writable_files", "world_writable_dirs"])
}

deny contains finding(entry, "can be changed by everybody") if {
	some entry in input.scan.world_writable_files
	not entry.type in {"socket", "fifo"}
	not files.excepted(entry.path, except)
}

deny contains finding(entry, "lets everybody remove the files of others") if {
	some entry in input.scan.world_writable_dirs
	not entry.sticky
	not files.excepted(entry.path, except)
}

finding(entry, what) := {
	"msg": sprintf("%s has mode %s: it %s", [entry.path, entry.mode, what]),
	"actual": sprintf("%s %s", [entry.mode, entry.path]),
	"expected": "nothing that everybody can write",
	"evidence": [{"path": entry.path}],
	"key": entry.path,
}
