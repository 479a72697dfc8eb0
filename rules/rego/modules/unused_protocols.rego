# METADATA
# title: Network protocols that no server needs cannot be loaded
# description: >-
#   Opening a socket of such a protocol loads its module, also for an ordinary user, and each has had holes that made
#   the user root. Each module must be blocked by an install command that does nothing, or be in no installed kernel.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/modprobe.d.5.html
# custom:
#   id: modules-unused-protocols
#   severity: medium
#   facts: [modprobe, kernel.installed]
#   levels: [cis-l2]
#   controls:
#     ref: [GL-MOD-004]
#     ssg: [kernel_module_dccp_disabled, kernel_module_tipc_disabled, kernel_module_rds_disabled, kernel_module_sctp_disabled]
#     cis_debian12: ["3.2.1", "3.2.2", "3.2.3", "3.2.4"]
#     cis_ubuntu2204: ["3.2.1", "3.2.2", "3.2.3", "3.2.4"]
#     cis_rhel9: ["3.2.1", "3.2.2", "3.2.3", "3.2.4"]
#     stig_rhel9: [RHEL-09-213060, RHEL-09-213065]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)"]
#     pci_dss_4: ["1.4.2"]
#   params:
#     modules: {type: array, default: [dccp, tipc, rds, sctp], doc: modules that must not be loadable}
#   remediation: >-
#     Write "install dccp /bin/false", "install tipc /bin/false", "install rds /bin/false" and "install sctp
#     /bin/false" into a file of /etc/modprobe.d.
package guestctl.modules.unused_protocols

import data.guestctl.lib.modules
import data.guestctl.params

names := params["modules-unused-protocols"].modules

deny contains finding if {
	some finding in modules.present(input.modprobe, input.kernel.installed, names)
}

unknown contains reason if {
	count(deny) == 0
	some reason in modules.doubtful(input.kernel.installed)
}
