# METADATA
# title: No copy of a file holds what was taken out of it
# description: >-
#   Tools keep the last version of what they change. The password of an account that the build has removed is still in the copy
#   of shadow, and an editor keeps what somebody took out of a configuration. Copies of the account files count when there is a
#   hash of a password in them; copies of editors in /etc and in root's home always.
# related_resources:
#   - https://libguestfs.org/virt-sysprep.1.html
# custom:
#   id: hygiene-backup-files
#   severity: low
#   content:
#     /etc/passwd-: ['^[^:]+:!*(\$[0-9a-z]|[./0-9A-Za-z]{13}:)']
#     /etc/shadow-: ['^[^:]+:!*(\$[0-9a-z]|[./0-9A-Za-z]{13}:)']
#     /etc/gshadow-: ['^[^:]+:!*(\$[0-9a-z]|[./0-9A-Za-z]{13}:)']
#     /var/backups/passwd.bak: ['^[^:]+:!*(\$[0-9a-z]|[./0-9A-Za-z]{13}:)']
#     /var/backups/shadow.bak: ['^[^:]+:!*(\$[0-9a-z]|[./0-9A-Za-z]{13}:)']
#     /var/backups/gshadow.bak: ['^[^:]+:!*(\$[0-9a-z]|[./0-9A-Za-z]{13}:)']
#   globs:
#     - /etc/*~
#     - /etc/*.bak
#     - /etc/.*.swp
#     - /etc/*/*~
#     - /etc/*/*.bak
#     - /etc/*/.*.swp
#     - /etc/*/*/*~
#     - /etc/*/*/*.bak
#     - /root/*~
#     - /root/*.bak
#   controls:
#     ref: [GI-021]
#   params:
#     allowed:
#       type: array
#       default: []
#       doc: paths that may be there; * is anything within a name, ** anything
#   remediation: Run "rm -f /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow-", and remove the copies of editors.
package guestctl.hygiene.backup_files

import data.guestctl.lib
import data.guestctl.lib.leftovers
import data.guestctl.params

allowed := params["hygiene-backup-files"].allowed

deny contains finding if {
	some path, file in input.files
	some found in file.content
	found.found
	not leftovers.matches(path, allowed)
	place := {"path": path, "line": object.get(found, "line", 0)}
	finding := {
		"msg": sprintf("%s still has a password (%s)", [path, lib.origin({"source": place})]),
		"actual": path,
		"expected": "no password in a copy",
		"evidence": [place],
		"key": path,
	}
}

unknown contains sprintf("%s was not searched for passwords", [path]) if {
	some path, file in input.files
	file.exists
	count(object.get(file, "content", {})) == 0
}

deny contains leftovers.finding(file, "no copies of editors") if {
	some file in leftovers.in_globs(input.globs)
	not leftovers.matches(file.path, allowed)
}
