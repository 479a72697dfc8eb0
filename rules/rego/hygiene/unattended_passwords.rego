# METADATA
# title: No answers to the installer hold a password
# description: >-
#   Files that answer the questions of an installer, its logs, and the data that cloud-init is given often hold passwords, plain
#   or as a hash that can be tried at leisure. Kickstart, preseeding, AutoYaST, Ubuntu's installer and cloud-init count.
# related_resources:
#   - https://libguestfs.org/virt-sysprep.1.html
# custom:
#   id: hygiene-unattended-passwords
#   severity: high
#   facts: [image_state.unattended]
#   controls:
#     ref: [GI-013]
#     nist_800_53: [IA-5(7)]
#   remediation: Remove the file, and change the password wherever it is used.
package guestctl.hygiene.unattended_passwords

import data.guestctl.lib

deny contains finding if {
	some file in input.image_state.unattended
	file.has_password
	place := {"path": file.path, "line": object.get(file, "line", 0)}
	finding := {
		"msg": sprintf("%s has a password (%s)", [file.path, lib.origin({"source": place})]),
		"actual": file.path,
		"expected": "no passwords",
		"evidence": [place],
		"key": file.path,
	}
}
