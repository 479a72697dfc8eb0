# METADATA
# title: No key lets anybody in over SSH
# description: >-
#   A key that the build used opens every machine that is made from the image. Keys of those who run the machines come with the
#   instance, by cloud-init or by configuration management. The files of all accounts count that the server would read.
# related_resources:
#   - https://man.openbsd.org/sshd_config#AuthorizedKeysFile
# custom:
#   id: hygiene-authorized-keys
#   severity: high
#   facts: [ssh_keys.authorized]
#   controls:
#     ref: [GI-003]
#     nist_800_53: [AC-2, IA-5]
#   params:
#     allowed:
#       type: array
#       default: []
#       doc: fingerprints of keys that may be in the image, as ssh-keygen -l prints them ("SHA256:...")
#   remediation: Remove the keys of the build from ~/.ssh/authorized_keys of every account.
package guestctl.hygiene.authorized_keys

import data.guestctl.lib
import data.guestctl.params

allowed := params["hygiene-authorized-keys"].allowed

deny contains finding if {
	some file in input.ssh_keys.authorized
	some key in file.keys
	not key.fingerprint in allowed
	finding := {
		"msg": sprintf("%s lets %s in (%s, %s)", [key.fingerprint, file.user, key.type, lib.origin(key)]),
		"actual": sprintf("%s for %s", [key.fingerprint, file.user]),
		"expected": "no authorized keys",
		"evidence": [key.source],
		"key": sprintf("%s %s", [file.user, key.fingerprint]),
	}
}
