# METADATA
# title: Users cannot measure the kernel
# description: >-
#   Performance events of the kernel and of the processor leak what others do, and their code has been attacked often.
#   3 and 4 are of kernels that patches of distributions have made stricter.
# related_resources:
#   - https://docs.kernel.org/admin-guide/sysctl/kernel.html
# custom:
#   id: sysctl-perf-events
#   severity: medium
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [anssi-intermediary]
#   controls:
#     ref: [GL-SYS-008]
#     ssg: [sysctl_kernel_perf_event_paranoid]
#     anssi_bp28: [R9]
#     stig_rhel9: [RHEL-09-213015]
#     nist_800_53: [AC-6]
#   params:
#     allowed: {type: array, default: [2, 3, 4], doc: values that are accepted}
#   remediation: Write "kernel.perf_event_paranoid = 2" into a file of /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.perf_events

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, ["kernel.perf_event_paranoid"], params["sysctl-perf-events"].allowed)
}
