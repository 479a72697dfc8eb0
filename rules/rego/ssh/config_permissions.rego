# METADATA
# title: Only root reads and writes the configuration of the SSH server
# description: >-
#   Who can write it decides who may log in, and who can read it knows which accounts and ways are open. Judged are
#   sshd_config, its drop-ins, and every other file that sshd reads: of one outside of /etc/ssh, which a package or a
#   crypto policy may share with other programs, only that nobody but root can write to it.
# related_resources:
#   - https://man.openbsd.org/sshd#FILES
# custom:
#   id: ssh-config-permissions
#   severity: medium
#   facts: [sshd.files]
#   globs: ["/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SSH-019]
#     ssg: [file_permissions_sshd_config, file_owner_sshd_config, file_groupowner_sshd_config]
#     cis_debian12: ["5.1.1"]
#     cis_ubuntu2204: ["5.1.1"]
#     cis_rhel9: ["5.1.1"]
#     anssi_bp28: [R50]
#     stig_rhel9: [RHEL-09-255105, RHEL-09-255110, RHEL-09-255115]
#     nist_800_53: ["AC-17(a)", "AC-6(1)", "CM-6(a)"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     mode: {type: string, default: "0600", doc: mode that no file of /etc/ssh may go beyond}
#   remediation: >-
#     chown root:root /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf && chmod 0600 /etc/ssh/sshd_config
#     /etc/ssh/sshd_config.d/*.conf
package guestctl.ssh.config_permissions

import data.guestctl.params

# own are those of the server alone: read by sshd, by way of a link or not, and drop-ins that it does not read.
own := array.concat(
	[f | some f in input.sshd.files; startswith(f.path, "/etc/ssh/")],
	[f | some glob in input.globs; some f in glob.files],
)

shared := [f | some f in input.sshd.files; not startswith(f.path, "/etc/ssh/")]

deny contains finding if {
	some finding in guest.offenders(own, {
		"mode": params["ssh-config-permissions"].mode,
		"owner": ["root"],
		"group": ["root"],
	})
}

deny contains finding if {
	some finding in guest.offenders(shared, {"mode": "0755", "owner": ["root"]})
}
