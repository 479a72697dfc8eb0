# METADATA
# title: Only root writes the public SSH host keys
# description: >-
#   Clients are told to trust what these files say, and tools hand them out; nobody but root should be able to
#   exchange one. Judged are the files /etc/ssh/ssh_host_*_key.pub.
# related_resources:
#   - https://man.openbsd.org/sshd#FILES
# custom:
#   id: ssh-public-key-permissions
#   severity: low
#   facts: [sshd]
#   globs: ["/etc/ssh/ssh_host_*_key.pub"]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SSH-021]
#     ssg: [file_permissions_sshd_pub_key]
#     cis_debian12: ["5.1.3"]
#     cis_ubuntu2204: ["5.1.3"]
#     cis_rhel9: ["5.1.3"]
#     anssi_bp28: [R50]
#     stig_rhel9: [RHEL-09-255125]
#     nist_800_53: ["AC-17(a)", "AC-6(1)", "CM-6(a)"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     mode: {type: string, default: "0644", doc: mode that no key may go beyond}
#   remediation: chown root:root /etc/ssh/ssh_host_*_key.pub && chmod 0644 /etc/ssh/ssh_host_*_key.pub
package guestctl.ssh.public_key_permissions

import data.guestctl.lib.files
import data.guestctl.params

keys := input.globs["/etc/ssh/ssh_host_*_key.pub"].files

deny contains finding if {
	some finding in guest.offenders(keys, {
		"mode": params["ssh-public-key-permissions"].mode,
		"owner": ["root"],
		"group": ["root"],
	})
}

unknown contains sprintf("%s is a link, and what it leads to was not looked at", [path]) if {
	count(deny) == 0
	some path in files.links(keys)
}
