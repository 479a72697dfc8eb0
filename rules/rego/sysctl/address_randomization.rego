# METADATA
# title: Programs and their heaps lie at random addresses
# description: >-
#   An exploit that needs to know where code and data lie has to guess. 2 moves the heap as well, 1 does not.
# related_resources:
#   - https://docs.kernel.org/admin-guide/sysctl/kernel.html
# custom:
#   id: sysctl-address-randomization
#   severity: medium
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SYS-001]
#     ssg: [sysctl_kernel_randomize_va_space]
#     cis_debian12: ["1.5.1"]
#     cis_ubuntu2204: ["1.5.1"]
#     cis_rhel9: ["1.5.1"]
#     anssi_bp28: [R9]
#     stig_ubuntu2204: [UBTU-22-213020]
#     stig_ubuntu2404: [UBTU-24-700310]
#     stig_rhel9: [RHEL-09-213070]
#     nist_800_53: ["CM-6(a)", SC-30, "SC-30(2)"]
#     pci_dss_4: ["3.3.1.1"]
#   params:
#     allowed: {type: array, default: [2], doc: values that are accepted}
#   remediation: Write "kernel.randomize_va_space = 2" into a file of /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.address_randomization

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, ["kernel.randomize_va_space"], params["sysctl-address-randomization"].allowed)
}
