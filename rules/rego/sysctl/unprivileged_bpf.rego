# METADATA
# title: Users cannot load BPF programs
# description: >-
#   The verifier of BPF has let bad programs of ordinary users into the kernel before. 1 stays until the next boot, 2
#   can be taken back by an administrator.
# related_resources:
#   - https://docs.kernel.org/admin-guide/sysctl/kernel.html
# custom:
#   id: sysctl-unprivileged-bpf
#   severity: medium
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [anssi-intermediary]
#   controls:
#     ref: [GL-SYS-006]
#     ssg: [sysctl_kernel_unprivileged_bpf_disabled]
#     anssi_bp28: [R9]
#     stig_rhel9: [RHEL-09-213075]
#     nist_800_53: [AC-6, "SC-7(10)"]
#   params:
#     allowed: {type: array, default: [1, 2], doc: values that are accepted}
#   remediation: Write "kernel.unprivileged_bpf_disabled = 1" into a file of /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.unprivileged_bpf

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, ["kernel.unprivileged_bpf_disabled"], params["sysctl-unprivileged-bpf"].allowed)
}
