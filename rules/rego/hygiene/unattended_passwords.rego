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

deny contains finding if {
	some file in input.image_state.unattended
	file.has_password
	finding := {
		"msg": sprintf("%s has a password in line %d", [file.path, file.line]),
		"actual": file.path,
		"expected": "no passwords",
		"evidence": [{"path": file.path, "line": file.line}],
		"key": file.path,
	}
}
