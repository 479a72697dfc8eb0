# METADATA
# title: Nobody but root can read the SSH host keys
# description: >-
#   Whoever has a private host key can pass for the machine and listen to its sessions. Judged are the files
#   /etc/ssh/ssh_host_*_key; one of the group that ssh-keysign runs with on RHEL may be read by that group. An image
#   without keys, which makes them at its first boot, passes.
# related_resources:
#   - https://man.openbsd.org/sshd#FILES
# custom:
#   id: ssh-private-key-permissions
#   severity: high
#   facts: [sshd.effective.hostkey.value]
#   globs: ["/etc/ssh/ssh_host_*_key"]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SSH-020]
#     ssg: [file_permissions_sshd_private_key]
#     cis_debian12: ["5.1.2"]
#     cis_ubuntu2204: ["5.1.2"]
#     cis_rhel9: ["5.1.2"]
#     anssi_bp28: [R50]
#     stig_rhel9: [RHEL-09-255120]
#     nist_800_53: ["AC-17(a)", "AC-6(1)", "CM-6(a)"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     mode: {type: string, default: "0600", doc: mode that no key may go beyond}
#     groups: {type: array, default: [ssh_keys], doc: groups that may read the keys that are theirs}
#   remediation: chown root:root /etc/ssh/ssh_host_*_key && chmod 0600 /etc/ssh/ssh_host_*_key
package guestctl.ssh.private_key_permissions

import data.guestctl.lib.files
import data.guestctl.params

keys := input.globs["/etc/ssh/ssh_host_*_key"].files

wanted(key) := {"mode": "0640", "owner": ["root"]} if {
	key.group in params["ssh-private-key-permissions"].groups
} else := {
	"mode": params["ssh-private-key-permissions"].mode,
	"owner": ["root"],
	"group": ["root"],
}

deny contains finding if {
	some key in keys
	some finding in guest.offenders([key], wanted(key))
}

unknown contains sprintf("%s is a link, and what it leads to was not looked at", [path]) if {
	count(deny) == 0
	some path in files.links(keys)
}

unknown contains sprintf("the host key %s lies elsewhere and was not looked at", [path]) if {
	count(deny) == 0
	some path in input.sshd.effective.hostkey.value
	not glob.match("/etc/ssh/ssh_host_*_key", ["/"], path)
}
