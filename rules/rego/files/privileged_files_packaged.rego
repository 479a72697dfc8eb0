# METADATA
# title: Every program with special rights belongs to a package
# description: >-
#   A program that runs with the rights of its owner or group, or with capabilities, and that no package brought may be a back door. All
#   file systems of the guest are walked, and the files are looked up in the database of packages.
# related_resources:
#   - https://man7.org/linux/man-pages/man7/capabilities.7.html
# custom:
#   id: files-privileged-files-packaged
#   severity: medium
#   facts: [scan]
#   controls:
#     ref: [GL-FIL-006]
#   params:
#     except: {type: array, default: [], doc: "patterns of paths that are left out, such as /opt/vendor/bin/*"}
#   remediation: Find out where the file comes from; then chmod u-s,g-s it, setcap -r it, or remove it.
package guestctl.files.privileged_files_packaged

import data.guestctl.lib.files
import data.guestctl.params

except := params["files-privileged-files-packaged"].except

entries := [["setuid", entry] | some entry in input.scan.suid]

groups := [["setgid", entry] | some entry in input.scan.sgid]

capable := [[entry.capabilities, entry] | some entry in input.scan.capabilities]

judged := [[right, entry] |
	some [right, entry] in array.concat(entries, array.concat(groups, capable))
	not files.excepted(entry.path, except)
]

unknown contains sprintf("which package %s belongs to is not known", [entry.path]) if {
	count(deny) == 0
	some [_, entry] in judged
	is_null(entry.package)
}

unknown contains reason if {
	count(deny) == 0
	some reason in files.cut(input.scan, ["suid", "sgid", "capabilities"])
}

deny contains finding if {
	some [right, entry] in judged
	entry.package == ""
	finding := {
		"msg": sprintf("%s is %s, and no package brought it", [entry.path, right]),
		"actual": sprintf("%s %s", [right, entry.path]),
		"expected": "programs of packages only",
		"evidence": [{"path": entry.path}],
		"key": sprintf("%s %s", [entry.path, right]),
	}
}
