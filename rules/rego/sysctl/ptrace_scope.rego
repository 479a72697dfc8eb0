# METADATA
# title: A process may trace its own children at most
# description: >-
#   With 0 any process of a user can read the memory of the others, with the keys and passwords in it. 2 and 3 leave
#   tracing to administrators or forbid it.
# related_resources:
#   - https://docs.kernel.org/admin-guide/LSM/Yama.html
# custom:
#   id: sysctl-ptrace-scope
#   severity: medium
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SYS-002]
#     ssg: [sysctl_kernel_yama_ptrace_scope]
#     cis_debian12: ["1.5.2"]
#     cis_ubuntu2204: ["1.5.2"]
#     cis_rhel9: ["1.5.2"]
#     anssi_bp28: [R11]
#     stig_rhel9: [RHEL-09-213080]
#     nist_800_53: ["SC-7(10)"]
#   params:
#     allowed: {type: array, default: [1, 2, 3], doc: values that are accepted}
#   remediation: Write "kernel.yama.ptrace_scope = 1" into a file of /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.ptrace_scope

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, ["kernel.yama.ptrace_scope"], params["sysctl-ptrace-scope"].allowed)
}
