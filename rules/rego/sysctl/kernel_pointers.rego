# METADATA
# title: The kernel shows no addresses of its own to users
# description: >-
#   Addresses in /proc and in messages tell an exploit of the kernel where to write. 2 hides them from root as well.
# related_resources:
#   - https://docs.kernel.org/admin-guide/sysctl/kernel.html
# custom:
#   id: sysctl-kernel-pointers
#   severity: medium
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [anssi-intermediary]
#   controls:
#     ref: [GL-SYS-004]
#     ssg: [sysctl_kernel_kptr_restrict]
#     anssi_bp28: [R9]
#     stig_rhel9: [RHEL-09-213025]
#     nist_800_53: ["CM-6(a)", SC-30, "SC-30(2)", "SC-30(5)"]
#   params:
#     allowed: {type: array, default: [1, 2], doc: values that are accepted}
#   remediation: Write "kernel.kptr_restrict = 1" into a file of /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.kernel_pointers

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, ["kernel.kptr_restrict"], params["sysctl-kernel-pointers"].allowed)
}
