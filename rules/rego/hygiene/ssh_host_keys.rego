# METADATA
# title: The image has no host keys of SSH
# description: >-
#   Whoever has a copy of the image has the keys in it, and can pose as every machine that was made from it. Keys belong to one
#   machine and are made at its first boot. OpenSSH's keys count wherever HostKey names them, and those of Dropbear.
# related_resources:
#   - https://man.openbsd.org/ssh-keygen#A
# custom:
#   id: hygiene-ssh-host-keys
#   severity: high
#   facts: [ssh_keys.host]
#   globs: [/etc/dropbear/dropbear_*_host_key]
#   controls:
#     ref: [GI-002]
#     nist_800_53: [IA-3, SC-12]
#   remediation: >-
#     Run "rm -f /etc/ssh/ssh_host_*_key*", and let cloud-init or a unit with "ssh-keygen -A" make new ones at the first boot.
package guestctl.hygiene.ssh_host_keys

import data.guestctl.lib.leftovers

deny contains finding if {
	some key in input.ssh_keys.host
	some half in [key.private, object.get(key, ["public", "source"], null)]
	path := half.path
	finding := {"msg": sprintf("%s is a host key", [path]), "actual": path, "expected": "no host keys", "evidence": [path], "key": path}
}

deny contains leftovers.finding(file, "no host keys") if some file in leftovers.in_globs(input.globs)
