# METADATA
# title: The image has no host keys of SSH
# description: >-
#   Whoever has a copy of the image has the keys in it, and can pose as every machine that was made from it. Keys belong to one
#   machine and are made at its first boot. OpenSSH's keys count, and Dropbear's. Where HostKey names another place, that place
#   was not looked at.
# related_resources:
#   - https://man.openbsd.org/ssh-keygen#A
# custom:
#   id: hygiene-ssh-host-keys
#   severity: high
#   facts: [sshd]
#   may_be_absent: [sshd]
#   globs:
#     - /etc/dropbear/dropbear_*_host_key
#     - /etc/ssh/ssh_host_*_key
#     - /etc/ssh/ssh_host_*_key.pub
#   controls:
#     ref: [GI-002]
#     nist_800_53: [IA-3, SC-12]
#   remediation: >-
#     Run "rm -f /etc/ssh/ssh_host_*_key*", and let cloud-init or a unit with "ssh-keygen -A" make new ones at the first boot.
package guestctl.hygiene.ssh_host_keys

import data.guestctl.lib.leftovers

deny contains leftovers.finding(file, "no host keys") if some file in leftovers.in_globs(input.globs)

unknown contains {"msg": sprintf("HostKey names %s, which was not looked at", [path]), "evidence": [key.source]} if {
	count(deny) == 0
	key := input.sshd.effective.hostkey
	some path in key.value
	not glob.match("/etc/ssh/ssh_host_*_key", ["/"], path)
}
