# METADATA
# title: Root may not log in over SSH
# description: >-
#   Every administrator has an account of their own, so that the log tells who did what and a stolen password of root is not
#   enough. A Match block that loosens the setting counts, since an attacker chooses which one applies.
# related_resources:
#   - https://man.openbsd.org/sshd_config#PermitRootLogin
# custom:
#   id: ssh-root-login
#   severity: high
#   facts: [sshd.effective.permitrootlogin, sshd.match]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SSH-001]
#     ssg: [sshd_disable_root_login]
#     cis_debian12: ["5.1.20"]
#     cis_ubuntu2204: ["5.1.20"]
#     cis_rhel9: ["5.1.20"]
#     anssi_bp28: [R33]
#     stig_rhel9: [RHEL-09-255045]
#     nist_800_53: ["AC-17(a)", "AC-6(2)", "CM-6(a)", "CM-7(a)", "CM-7(b)", "IA-2", "IA-2(5)"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     allowed: {type: array, default: ["no"], doc: values of PermitRootLogin that are accepted}
#   remediation: Write "PermitRootLogin no" into a file of /etc/ssh/sshd_config.d that sorts first.
package guestctl.ssh.root_login

import data.guestctl.lib.sshd
import data.guestctl.params

deny contains finding if {
	some finding in sshd.other(input.sshd, "PermitRootLogin", params["ssh-root-login"].allowed)
}
