# METADATA
# title: SSH trusts no other host to vouch for its users
# description: >-
#   With it, whoever is root on one of the trusted hosts is every user of this one. The setting is judged for every
#   connection and in every Match block.
# related_resources:
#   - https://man.openbsd.org/sshd_config#HostbasedAuthentication
# custom:
#   id: ssh-hostbased-authentication
#   severity: medium
#   facts: [sshd.effective.hostbasedauthentication, sshd.match]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SSH-004]
#     ssg: [disable_host_auth]
#     cis_debian12: ["5.1.10"]
#     cis_ubuntu2204: ["5.1.10"]
#     cis_rhel9: ["5.1.12"]
#     stig_rhel9: [RHEL-09-255080]
#     nist_800_53: ["AC-17(a)", AC-3, "CM-6(a)", "CM-7(a)", "CM-7(b)"]
#     pci_dss_4: ["8.3.1"]
#   params:
#     allowed: {type: array, default: ["no"], doc: values of HostbasedAuthentication that are accepted}
#   remediation: Write "HostbasedAuthentication no" into a file of /etc/ssh/sshd_config.d that sorts first.
package guestctl.ssh.hostbased_authentication

import data.guestctl.lib.sshd
import data.guestctl.params

deny contains finding if {
	some finding in sshd.other(input.sshd, "HostbasedAuthentication", params["ssh-hostbased-authentication"].allowed)
}
